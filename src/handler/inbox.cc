#include "handler/inbox.h"

#include <algorithm>
#include <utility>

#include "base/fault_point.h"
#include "telemetry/log.h"

namespace deadletter {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kReceiveWait = seconds(5);  // well within a heartbeat
constexpr milliseconds kFirstReconnect(200);
constexpr milliseconds kLongestReconnect = seconds(15);
constexpr milliseconds kOptionalQueueWait = seconds(30);

constexpr std::chrono::minutes kOftenToldEvery(1);

constexpr std::string_view kUnreadableCause = "unreadable";  // of a pause

}  // namespace

Inbox::Inbox(std::unique_ptr<Consumer> consumer, const LetterReader& reader, const Judge& judge,
             const Clock& clock, Metrics& metrics, Health& health, InboxOptions options)
    : consumer_(std::move(consumer)),
      reader_(reader),
      judge_(judge),
      clock_(clock),
      metrics_(metrics),
      health_(health),
      options_(options),
      part_("queue " + consumer_->queue()),
      buffer_(options.max_batch_bytes),
      caution_(options.prefetch),
      backoff_(kFirstReconnect, kLongestReconnect) {
  metrics_.SetIntakePaused(consumer_->queue(), kUnreadableCause, false);
}

Inbox::~Inbox() {
  Stop();
}

void Inbox::Start() {
  if (!options_.optional) health_.Set(part_, HealthState::kMissing, "not consumed yet");
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

TakenBatch Inbox::Take(std::size_t limit, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, stop,
                [this] { return looks_up_ || (buffer_.CanTake() && orders_ == Orders{}); });
  if (stop.stop_requested() || std::exchange(looks_up_, false)) return {};
  return TakeNow(limit, std::move(lock));
}

bool Inbox::AwaitWholeBatch(std::size_t limit, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  helpers_limit_ = limit;
  whole_batch_.wait(lock, stop, [&] { return buffer_.CanTakeWhole(limit) && orders_ == Orders{}; });
  return !stop.stop_requested();
}

TakenBatch Inbox::TakeWholeBatch(std::size_t limit) {
  std::unique_lock lock(mutex_);
  if (!buffer_.CanTakeWhole(limit) || orders_ != Orders{}) return {};
  return TakeNow(limit, std::move(lock));
}

TakenBatch Inbox::TakeGone(std::size_t limit) {
  std::unique_lock lock(mutex_);
  if (!buffer_.BeginsWithGone()) return {};
  return TakeNow(limit, std::move(lock));
}

// Under the lock.
void Inbox::WakeHelper() {
  if (helpers_limit_ > 0 && buffer_.CanTakeWhole(helpers_limit_)) whole_batch_.notify_all();
}

TakenBatch Inbox::TakeNow(std::size_t limit, std::unique_lock<std::mutex> lock) {
  std::vector<std::size_t> to_judge;
  TakenBatch batch = buffer_.Take(limit, clock_.Now(), to_judge);
  batch.number = batch.IsGone() ? in_hand_.TakeGone() : in_hand_.Take();
  WakeHelper();
  lock.unlock();
  consumer_->Wake();  // there is room for more letters again
  for (const std::size_t place : to_judge)
    batch.judgements[place] = judge_(std::move(batch.judgements[place].letter));
  return batch;
}

void Inbox::LookUp() {
  {
    const std::lock_guard lock(mutex_);
    looks_up_ = true;
  }
  changed_.notify_all();
}

void Inbox::Release(TakenBatch batch) {
  {
    const std::lock_guard lock(mutex_);
    buffer_.Release(batch);
    WakeHelper();
  }
  changed_.notify_all();
  consumer_->Wake();  // there is room for more bytes again
}

bool Inbox::IsInHand(const TakenBatch& batch) const {
  const std::lock_guard lock(mutex_);
  return in_hand_.Has(batch.number);
}

bool Inbox::IsGone(const TakenBatch& batch) const {
  const std::lock_guard lock(mutex_);
  return in_hand_.IsGone(batch.number);
}

bool Inbox::HoldsMoreThan(std::size_t letters, std::size_t bytes) const {
  const std::lock_guard lock(mutex_);
  return buffer_.letters() > letters || buffer_.bytes() > bytes;
}

void Inbox::Recorded(const TakenBatch& batch, DeliveryTag tag, bool is_all) {
  {
    const std::lock_guard lock(mutex_);
    const auto all_to = in_hand_.Recorded(batch.number, tag, is_all);
    if (!all_to) return;
    to_acknowledge_ = *all_to;
  }
  changed_.notify_all();
  consumer_->Wake();
}

void Inbox::Hold() {
  Want(Wanted::kHold);
}

// A channel that is to be closed is closed, also when Resume() comes right after: letters that were
// dropped from the buffer must not stay outstanding on a channel where a later acknowledgement
// would cover them (P1).
void Inbox::GiveBack() {
  {
    const std::lock_guard lock(mutex_);
    buffer_.Drop();
    in_hand_.Forget();
    orders_.give_back = true;
  }
  Want(Wanted::kGiveBack);
}

void Inbox::Resume() {
  Want(Wanted::kDelivery);
}

void Inbox::Want(Wanted wanted) {
  {
    const std::lock_guard lock(mutex_);
    orders_.wanted = wanted;
  }
  changed_.notify_all();
  whole_batch_.notify_all();
  consumer_->Wake();
}

void Inbox::Stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  consumer_->Wake();
  thread_.join();
}

Inbox::Orders Inbox::orders() const {
  const std::lock_guard lock(mutex_);
  return orders_;
}

void Inbox::Run(const std::stop_token& stop) {
  while (!stop.stop_requested()) Step(stop);
  WriteAcknowledgement(stop);
  // The queue may have been deleted behind what we have of it, which nobody has seen yet.
  if (const auto kept = consumer_->KeepAlive(milliseconds(0)); !kept) Lost(kept.error(), stop);
  consumer_->Close();
}

void Inbox::Step(const std::stop_token& stop) {
  WriteAcknowledgement(stop);
  const Orders orders = this->orders();
  if (orders.give_back) {
    consumer_->Close();
    Forget(Loss::kComesAgain);
    caution_.ChannelEnded(false);
    return;
  }
  switch (orders.wanted) {
    case Wanted::kDelivery:
      if (stuck_) {
        Wait(orders, stop, milliseconds::max());
      } else if (Subscribed(stop)) {
        Deliver(stop);
      }
      break;
    case Wanted::kHold:
      KeepHold(orders, stop);
      break;
    case Wanted::kGiveBack:
      Wait(orders, stop, milliseconds::max());
      break;
  }
}

bool Inbox::Subscribed(const std::stop_token& stop) {
  const std::size_t prefetch = caution_.Prefetch();
  if (subscribed_prefetch_ == prefetch) return true;
  const auto subscribed = consumer_->Subscribe(prefetch);
  if (!subscribed) {
    Lost(subscribed.error(), stop);
    return false;
  }
  if (subscribed_prefetch_ == 0) LogInfo("consuming", {{"queue", consumer_->queue()}});
  if (!has_channel_) subscribed_at_ = std::chrono::steady_clock::now();
  has_channel_ = true;
  subscribed_prefetch_ = prefetch;
  caution_.Subscribed();
  health_.Set(part_, HealthState::kReady);
  return true;
}

ReceiveLimits Inbox::Room() const {
  const std::lock_guard lock(mutex_);
  ReceiveLimits room;
  if (buffer_.bytes() >= options_.max_buffered_bytes || buffer_.letters() >= options_.prefetch) {
    room.max_letters = 0;
    return room;
  }
  room.max_letters = options_.prefetch - buffer_.letters();
  room.max_bytes = options_.max_buffered_bytes - buffer_.bytes();
  room.wait = kReceiveWait;
  return room;
}

void Inbox::Deliver(const std::stop_token& stop) {
  const ReceiveLimits room = Room();
  if (room.max_letters == 0) {
    // The buffer is full: the socket stays unread, so that the broker is slowed down and our memory
    // is bounded (P9).
    if (const auto kept = consumer_->KeepAlive(kReceiveWait); !kept) Lost(kept.error(), stop);
    return;
  }
  fault::Hit("receive.before");
  auto received = consumer_->Receive(room);
  if (!received) {
    Lost(received.error(), stop);
    return;
  }
  Store(std::move(*received));
}

void Inbox::Store(std::vector<Delivery> deliveries) {
  if (deliveries.empty()) return;
  fault::Hit("receive.after");
  std::vector<LetterBuffer::Received> received;
  received.reserve(deliveries.size());
  fault::Hit("decode.before");
  for (Delivery& delivery : deliveries) {
    received.push_back(ReadAndJudge(std::move(delivery)));
    const Letter& letter = received.back().judgement.letter;
    metrics_.LetterReceived(letter.delivery.dead_letter_queue, letter.reason);
    if (letter.delivery.redelivered) metrics_.LetterRedelivered();
    if (letter.PossibleDuplicate()) metrics_.LetterPossibleDuplicate();
    if (ComesOften(letter)) {
      caution_.Suspect(letter.delivery.tag.number);
      TellOfOften(letter);
    }
  }
  const DeliveryTag last = received.back().judgement.letter.delivery.tag;
  last_received_ = last.number;
  metrics_.SetUnacked(consumer_->queue(),
                      static_cast<std::int64_t>(last_received_ - last_acknowledged_));
  fault::Hit("decode.after");
  {
    const std::lock_guard lock(mutex_);
    generation_ = last.generation;
    for (LetterBuffer::Received& one : received) buffer_.Add(std::move(one));
    WakeHelper();
  }
  changed_.notify_all();
}

LetterBuffer::Received Inbox::ReadAndJudge(Delivery delivery) const {
  const Instant now = clock_.Now();
  Letter letter = reader_.Read(LetterId(TimeOrderedUuid(now)), std::move(delivery));
  LetterBuffer::Received received;
  if (ComesOften(letter)) {
    received.judgement.letter = std::move(letter);
  } else {
    received.judgement = judge_(std::move(letter));
    received.judged_at = now;
  }
  received.bytes = received.judgement.BufferedBytes();
  return received;
}

// Once a minute: after a crash loop every letter of a queue may come so.
void Inbox::TellOfOften(const Letter& letter) {
  const auto now = std::chrono::steady_clock::now();
  ++often_untold_;
  if (often_told_ && now - *often_told_ < kOftenToldEvery) return;
  often_told_ = now;
  LogWarning("letter_delivered_often",
             {{"queue", letter.delivery.dead_letter_queue},
              {"message_id", letter.message_id.value_or("")},
              {"deliveries", std::to_string(letter.delivery.DeliveryCount())},
              {"letters", std::to_string(std::exchange(often_untold_, 0))}});
}

void Inbox::KeepHold(const Orders& orders, const std::stop_token& stop) {
  if (!has_channel_) {  // nothing is ours: nothing to keep alive
    Wait(orders, stop, kReceiveWait);
    return;
  }
  if (subscribed_prefetch_ != 0) {
    if (const auto cancelled = consumer_->Cancel(); !cancelled) {
      Lost(cancelled.error(), stop);
      return;
    }
    subscribed_prefetch_ = 0;  // on the same channel: what is in hand stays ours
  }
  // What was on its way is taken in as far as there is room: a broker whose socket stays unread for
  // half a minute hangs up.
  while (!stop.stop_requested() && this->orders() == orders && has_channel_) {
    Deliver(stop);
    WriteAcknowledgement(stop);
  }
}

void Inbox::WriteAcknowledgement(const std::stop_token& stop) {
  DeliveryTag tag;
  {
    const std::lock_guard lock(mutex_);
    tag = std::exchange(to_acknowledge_, {});
    if (tag.number == 0 || tag.generation != generation_) return;
  }
  // Asked for one by one until now, and for more from now on. Cancelled before its letter is
  // acknowledged, the consumer has nothing on its way to it that the broker would take back.
  BrokerResult<void> written;
  if (subscribed_prefetch_ == 1 && caution_.PrefetchAfter(tag.number) != 1)
    written = consumer_->Cancel();
  if (written) {
    fault::Hit("ack.before");
    written = consumer_->AcknowledgeUpTo(tag);
  }
  if (!written) {
    // The letters are recorded; they come again, and their keys make that harmless. What else is in
    // hand comes again, too, and must not be taken for what a next channel delivers.
    LogWarning("ack_lost", {{"queue", consumer_->queue()}, {"why", written.error().message}});
    Lost(written.error(), stop);
    return;
  }
  fault::Hit("ack.after");
  last_acknowledged_ = tag.number;
  caution_.Acknowledged(tag.number);
  metrics_.SetUnacked(consumer_->queue(),
                      static_cast<std::int64_t>(last_received_ - last_acknowledged_));
}

void Inbox::Lost(const BrokerError& error, const std::stop_token& stop) {
  // A connection that lasted was a good one. One that breaks as soon as it delivers (a letter that
  // cannot be decoded, say) must not be made again and again without a pause: each time counts as a
  // delivery.
  if (last_acknowledged_ > 0 ||
      (has_channel_ && std::chrono::steady_clock::now() - subscribed_at_ > kLongestReconnect)) {
    backoff_.Reset();
  }
  consumer_->Close();
  const bool queue_gone =
      error.fault == BrokerFault::kCancelled || error.fault == BrokerFault::kQueueMissing;
  Forget(queue_gone ? Loss::kIsGone : Loss::kComesAgain);
  if (stop.stop_requested()) return;  // nobody waits for the queue any more
  stuck_ = caution_.ChannelEnded(error.fault == BrokerFault::kUnreadable);
  if (stuck_) {
    LeaveUnreadable(error);
    return;
  }
  const bool absent = error.fault == BrokerFault::kQueueMissing && options_.optional;
  const HealthState state = absent ? HealthState::kReady : HealthState::kMissing;
  if (health_.Set(part_, state, absent ? "does not exist (optional)" : error.message)) {
    Log(absent ? LogLevel::kInfo : LogLevel::kWarning, "queue_not_consumed",
        {{"queue", consumer_->queue()},
         {"cause", std::string(BrokerFaultName(error.fault))},
         {"why", error.message}});
  }
  Wait(orders(), stop, absent ? kOptionalQueueWait : backoff_.Next());
}

// A letter cannot be taken in, and never will be: it stands in the way of those behind it whatever
// we do, but only asking for it again and again would let a delivery limit destroy it (P1). So it
// is not asked for again once it is known, and somebody has to take it out of the queue.
void Inbox::LeaveUnreadable(const BrokerError& error) {
  metrics_.SetIntakePaused(consumer_->queue(), kUnreadableCause, true);
  const std::string what =
      error.message +
      "; it stays in the queue, and nothing behind it is read: take it out, then "
      "restart";
  health_.Set(part_, HealthState::kMissing, what);
  LogError("letter_unreadable", {{"queue", consumer_->queue()}, {"why", what}});
}

// The channel is gone. Mostly the broker has what we had, and what lies in the buffer will come
// again, as will a batch being settled now. A queue that was deleted gives nothing again: what of
// it we have is settled all the same, and there is nothing to acknowledge.
void Inbox::Forget(Loss loss) {
  const std::lock_guard lock(mutex_);
  switch (loss) {
    case Loss::kComesAgain:
      buffer_.Drop();
      in_hand_.Forget();
      break;
    case Loss::kIsGone:
      buffer_.LetGo();
      in_hand_.LetGo();
      break;
  }
  to_acknowledge_ = {};
  generation_ = 0;
  orders_.give_back = false;
  has_channel_ = false;
  subscribed_prefetch_ = 0;
  last_received_ = last_acknowledged_ = 0;
  changed_.notify_all();
  whole_batch_.notify_all();
  metrics_.SetUnacked(consumer_->queue(), 0);
}

void Inbox::Wait(const Orders& orders, const std::stop_token& stop, milliseconds limit) {
  std::unique_lock lock(mutex_);
  const auto other = [&] { return orders_ != orders; };
  if (limit == milliseconds::max()) {
    changed_.wait(lock, stop, other);
  } else {
    changed_.wait_for(lock, stop, limit, other);
  }
}

}  // namespace deadletter
