// The embedded queue: any calls in any order, with the clock moved on and the file opened anew,
// also after a death of the process, and it is always just what a simple model of it is: nothing
// lost, nothing doubled, in order.
#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <memory>

#include "broker/embedded/broker.h"
#include "broker/embedded/consumer.h"
#include "broker/embedded/publisher.h"
#include "broker/embedded/work_queue.h"
#include "tests/fuzz/byte_source.h"
#include "tests/fuzz/queue_model.h"
#include "tests/fuzz/scratch_folder.h"
#include "tests/fuzz/target.h"

namespace deadletter::fuzz {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kMaxCalls = 32;
constexpr Instant kStart(seconds(1'700'000'000));

class StillClock final : public Clock {
 public:
  [[nodiscard]] Instant Now() const override { return Instant(Microseconds(now_.load())); }
  void Set(Instant now) { now_ = now.time_since_epoch().count(); }

 private:
  std::atomic<std::int64_t> now_ = kStart.time_since_epoch().count();
};

template <class T>
T Done(BrokerResult<T> result) {
  Require(result.has_value(), "a call on a good file goes through");
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

enum Queue : std::size_t { kWork, kDelay, kDead, kForget, kQueues };

// A worker queue, a queue that puts off, a dead letter queue, and one that forgets its dead.
std::vector<QueueModel::Queue> QueuesOf(std::uint8_t choice) {
  std::vector<QueueModel::Queue> queues(kQueues);
  queues[kWork] = {{.name = "work", .dead_letter_exchange = "dlx"}, kDead};
  if ((choice & 1) != 0) queues[kWork].spec.message_ttl = seconds(60);
  if ((choice & 2) != 0) queues[kWork].spec.max_length = 3;
  if ((choice & 4) != 0) queues[kWork].spec.delivery_limit = 1;
  queues[kDelay] = {{.name = "delay",
                     .message_ttl = (choice & 8) != 0 ? milliseconds(0) : milliseconds(5'000),
                     .dead_letter_exchange = "",
                     .dead_letter_routing_key = "work"},
                    kWork};
  if ((choice & 16) != 0) queues[kDelay].spec.max_length = 2;
  queues[kDead] = {{.name = "dead"}, std::nullopt};
  queues[kForget] = {{.name = "forget", .message_ttl = seconds(30)}, std::nullopt};
  return queues;
}

// One run: every call is made to both.
class BothQueues {
 public:
  explicit BothQueues(std::uint8_t choice) : model_(QueuesOf(choice), kStart) {
    Open(folder_ / "0.sqlite");
    Done(broker_->DeclareExchange("dlx", ExchangeType::kTopic));
    for (const auto& queue : model_.queues()) Done(broker_->DeclareQueue(queue.spec));
    Done(broker_->Bind("dlx", "dead", "#"));
  }

  void Call(ByteSource& source) {
    switch (source.Below(13)) {
      case 0:
      case 1:
        Publish(source);
        break;
      case 2:
        Lease(source);
        break;
      case 3:
        AnswerLease(source);
        break;
      case 4:
      case 5:
        Receive(source);
        break;
      case 6:
        AcknowledgeUpTo(source);
        break;
      case 7:
        CloseConsumer(source.Below(kQueues));
        break;
      case 8:
      case 9:
        Wait(milliseconds(source.Number(2)));
        break;
      case 10:
        DeclareAgain(source);
        break;
      case 11:
        OpenAgain();
        break;
      default:
        Die();
        break;
    }
    Done(broker_->HandleDue());
    model_.HandleDue();
    CheckCount(++calls_ % kQueues);  // the others are looked at sooner or later, and in the end
  }

  // Everything that is left comes out, each once.
  void Finish() {
    OpenAgain();
    Wait(std::chrono::hours(24 * 8));  // no lease is longer
    Done(broker_->HandleDue());
    model_.HandleDue();
    for (std::size_t queue = 0; queue < kQueues; ++queue) CheckCount(queue);
    for (std::size_t queue = 0; queue < kQueues; ++queue) Take(queue, 1'000'000);
    for (const ModelMessage& message : model_.messages())
      Require(message.leased, "every message that should be there came out");
  }

 private:
  struct Held {
    int lease = 0;
    int name = 0;
    std::string id;
  };

  struct InHand {
    DeliveryTag tag;
    int name = 0;
  };

  void Open(const std::string& path) {
    // The keeper looks when it is told to, and at nothing that we do not do ourselves.
    auto opened = EmbeddedBroker::Open(path, clock_, {.look_interval = std::chrono::hours(1)});
    broker_ = Done(std::move(opened));
    path_ = path;
    publisher_ = std::make_unique<EmbeddedPublisher>(broker_);
    work_ = std::make_unique<EmbeddedWorkQueue>(broker_);
  }

  void Publish(ByteSource& source) {
    const std::size_t queue = source.Below(kQueues);
    std::vector<OutgoingMessage> messages(1 + source.Below(3));
    std::vector<std::optional<milliseconds>> ttls;
    for (OutgoingMessage& outgoing : messages) {
      outgoing.address.routing_key = model_.queues()[queue].spec.name;
      outgoing.message.body = std::to_string(++last_name_);
      auto& ttl = ttls.emplace_back();
      if (!source.Bool()) continue;
      ttl = milliseconds(source.Number(2));
      outgoing.message.properties.expiration = std::to_string(ttl->count());
    }
    for (const PublishResult& result : publisher_->Publish(messages))
      Require(result.outcome == PublishOutcome::kConfirmed, "a message for a queue is confirmed");
    int name = last_name_ - static_cast<int>(messages.size());
    for (const auto& ttl : ttls) model_.Publish(queue, ++name, ttl);
  }

  void Lease(ByteSource& source) {
    const std::size_t queue = source.Below(kQueues);
    const std::size_t max = source.Below(4);
    const milliseconds duration(source.Number(2));
    const auto leases =
        Done(work_->Take(model_.queues()[queue].spec.name, max, duration, milliseconds(0)));
    const int first = last_lease_ + 1;
    const auto expected = model_.Take(queue, max, model_.now() + duration, first);
    Require(leases.size() == expected.size(), "as many are leased as are ready");
    for (std::size_t index = 0; index < leases.size(); ++index) {
      CheckDelivery(leases[index].delivery, expected[index]);
      const auto found = Done(work_->Find(leases[index].id));
      Require(found.has_value() == (duration > milliseconds(0)), "a lease is found while it lasts");
      if (found) CheckDelivery(*found, expected[index]);
      held_.push_back({++last_lease_, expected[index].name, leases[index].id});
    }
  }

  // Whoever comes too late hears so: old leases are kept here, and tried again.
  void AnswerLease(ByteSource& source) {
    if (held_.empty()) return;
    const Held& held = held_[source.Below(held_.size())];
    switch (source.Below(4)) {
      case 0:
        Require(Done(work_->Acknowledge(held.id)) == model_.Acknowledge(held.lease, held.name),
                "a lease is acknowledged while it is one's own");
        break;
      case 1:
        Require(Done(work_->Reject(held.id, true)) == model_.Reject(held.lease, true),
                "a lease is given back while it is one's own");
        break;
      case 2:
        Require(Done(work_->Reject(held.id, false)) == model_.Reject(held.lease, false),
                "a lease is rejected while it is one's own");
        break;
      default: {
        const milliseconds more(source.Number(2));
        Require(
            Done(work_->Extend(held.id, more)) == model_.Extend(held.lease, model_.now() + more),
            "a lease is extended while it is one's own");
      }
    }
  }

  void Receive(ByteSource& source) {
    const std::size_t queue = source.Below(kQueues);
    Take(queue, 1 + source.Below(4));
  }

  // A consumer's leases have a number of their own, below that of all others.
  static int LeaseOf(std::size_t queue) { return -1 - static_cast<int>(queue); }

  void Take(std::size_t queue, std::size_t max) {
    auto& consumer = consumers_[queue];
    if (consumer == nullptr) {
      consumer = std::make_unique<EmbeddedConsumer>(broker_, model_.queues()[queue].spec.name, "c");
      Done(consumer->Subscribe(0));
    }
    const auto letters = Done(consumer->Receive({max, std::size_t{1} << 30, milliseconds(0)}));
    const auto expected = model_.Take(queue, max, std::nullopt, LeaseOf(queue));
    Require(letters.size() == expected.size(), "as many are received as are ready");
    for (std::size_t index = 0; index < letters.size(); ++index) {
      CheckDelivery(letters[index], expected[index]);
      in_hand_[queue].push_back({letters[index].tag, expected[index].name});
    }
  }

  void AcknowledgeUpTo(ByteSource& source) {
    const std::size_t queue = source.Below(kQueues);
    auto& in_hand = in_hand_[queue];
    if (consumers_[queue] == nullptr || in_hand.empty()) return;
    const std::size_t last = source.Below(in_hand.size());
    Done(consumers_[queue]->AcknowledgeUpTo(in_hand[last].tag));
    for (std::size_t index = 0; index <= last; ++index)
      Require(model_.Acknowledge(LeaseOf(queue), in_hand[index].name), "what is in hand is ours");
    in_hand.erase(in_hand.begin(), in_hand.begin() + static_cast<std::ptrdiff_t>(last) + 1);
  }

  void CloseConsumer(std::size_t queue) {
    if (consumers_[queue] == nullptr) return;
    consumers_[queue].reset();
    in_hand_[queue].clear();
    model_.ReturnAllOfConsumer(queue);
  }

  void Wait(Microseconds time) {
    model_.Advance(time);
    clock_.Set(model_.now());
  }

  // As it is: nothing changes. Otherwise: refused, and nothing changes either.
  void DeclareAgain(ByteSource& source) {
    QueueSpec spec = model_.queues()[source.Below(kQueues)].spec;
    Done(broker_->DeclareQueue(spec));
    spec.max_length = 77;
    const auto refused = broker_->DeclareQueue(spec);
    Require(!refused && refused.error().fault == BrokerFault::kRefused,
            "a queue is not declared anew");
  }

  void OpenAgain() {
    for (std::size_t queue = 0; queue < kQueues; ++queue) CloseConsumer(queue);
    publisher_.reset();
    work_.reset();
    broker_.reset();
    Open(path_);
  }

  // What a killed process leaves are the files as they are, without its locks: they are opened
  // elsewhere, where nobody holds any.
  void Die() {
    const std::string path = folder_ / (std::to_string(++deaths_) + ".sqlite");
    Done(broker_->Write({"", ""}, [&](embedded::Tables&) {  // nobody writes meanwhile
      for (const char* suffix : {"", "-wal", "-owners"}) {
        std::filesystem::copy_file(path_ + suffix, path + suffix);
      }
    }));
    auto killed = std::exchange(broker_, nullptr);
    auto consumers = std::exchange(consumers_, {});
    publisher_.reset();
    work_.reset();
    for (auto& in_hand : in_hand_) in_hand.clear();
    Open(path);
    model_.ReturnAllOfConsumers();
  }

  static void CheckDelivery(const Delivery& delivery, const ModelMessage& expected) {
    Require(delivery.message.body == std::to_string(expected.name),
            "the oldest that is ready comes, and no other");
    Require(delivery.redelivered == expected.delivered, "what came before says so");
    Require(delivery.DeliveryCount() == static_cast<std::uint64_t>(expected.returns),
            "returns are counted");
    const DeathHistory history = ReadDeathHistory(delivery.message.headers);
    Require(history.deaths.size() == expected.deaths.size(), "each death is told");
    constexpr std::string_view kNames[] = {"work", "delay", "dead", "forget"};
    for (std::size_t index = 0; index < history.deaths.size(); ++index) {
      const Death& told = history.deaths[index];
      const ModelDeath& death = expected.deaths[index];
      Require(told.queue == kNames[death.queue] && told.reason == death.reason,
              "a death is told as it was, newest first");
      const auto first = std::chrono::floor<seconds>(death.first).time_since_epoch().count();
      Require(told.count == death.count && told.time_seconds == first,
              "deaths alike are counted, with the time of the first");
    }
  }

  void CheckCount(std::size_t queue) {
    const QueueCounts counts = Done(broker_->Count(model_.queues()[queue].spec.name));
    const ModelCounts expected = model_.Count(queue);
    Require(counts.ready == expected.ready, "nothing is lost and nothing doubled");
    Require(counts.unacknowledged == expected.unacknowledged, "what is held is known");
    Require(counts.held == 0, "nothing is held that has somewhere to go");
  }

  ScratchFolder folder_;
  StillClock clock_;
  QueueModel model_;
  std::string path_;
  std::shared_ptr<EmbeddedBroker> broker_;
  std::unique_ptr<EmbeddedPublisher> publisher_;
  std::unique_ptr<EmbeddedWorkQueue> work_;
  std::array<std::unique_ptr<EmbeddedConsumer>, kQueues> consumers_;
  std::array<std::vector<InHand>, kQueues> in_hand_;
  std::vector<Held> held_;
  int last_name_ = 0;
  int last_lease_ = 0;
  int deaths_ = 0;
  std::size_t calls_ = 0;
};

void Calls(std::string_view input) {
  ByteSource source(input);
  BothQueues both(source.Byte());
  for (int call = 0; call < kMaxCalls && !source.AtEnd(); ++call) both.Call(source);
  both.Finish();
}

const Registration kRegistration("queue", Calls);

}  // namespace
}  // namespace deadletter::fuzz
