#include "tests/account/traffic.h"

#include <algorithm>
#include <stdexcept>

#include "base/rfc3339.h"

namespace deadletter::test {
namespace {

constexpr std::size_t kRemembered = 50;
constexpr std::int64_t kNobodys = 900'000'000'000;  // ids from here on have no row
constexpr const char* kEarlierAttempt =
    R"(,"scheduled_attempt_updated_at":"2001-02-03T04:05:06.700Z")";

// The same message, which died once more.
void LetDieAt(Message& message, std::uint64_t seconds) {
  auto& deaths = std::get<FieldArray>(message.headers.entries.front().value.value);
  for (FieldEntry& entry : std::get<FieldTable>(deaths.front().value).entries) {
    if (entry.name == "time") entry.value = {FieldTimestamp{seconds}};
  }
}

}  // namespace

Traffic::Traffic(World& world, Account& account, std::uint64_t seed, std::int64_t first)
    : world_(world),
      account_(account),
      random_(seed),
      next_(first),
      publisher_(world.pair().broker().MakePublisher()),
      worker_(world.pair().ledger().OpenExecutions()) {}

void Traffic::Send(std::size_t count) {
  std::vector<Item> items;
  while (items.size() < count) items.push_back(Next());
  Publish(std::move(items));
  Complete();
}

void Traffic::SendStrange(std::size_t count) {
  std::vector<Item> items;
  while (items.size() < count) items.push_back(Strange());
  Publish(std::move(items));
}

Traffic::Item Traffic::Next() {
  const std::uint64_t roll = Roll(100);
  if (roll < 55) return NewRequest();
  if (roll < 65) return Request(NewExecution(), false);
  if (roll < 70) {
    const ExecutionId id = NewExecution();
    const std::optional<Instant> updated = world_.Row(id).updated;
    return Request(id, true,
                   R"(,"scheduled_attempt_updated_at":")" + FormatRfc3339(updated.value()) + '"');
  }
  if (roll < 75) {
    Item stale = Request(NewExecution("running"), true, kEarlierAttempt);
    stale.nature = Nature::kStaleRequest;
    return stale;
  }
  if (roll < 78) return Request(NewExecution("completed"), true);
  if (roll < 81) return Request(ExecutionId(kNobodys + next_++), true);
  if (roll < 85) {
    to_complete_.push_back(NewExecution("running"));
    return Request(to_complete_.back(), true);
  }
  if (roll < 92) return Strange();
  if (earlier_.empty()) return NewRequest();
  const Item& earlier = earlier_[Roll(earlier_.size())];
  if (roll < 96) return earlier;
  return roll < 98 ? Again(earlier) : Request(*earlier.execution, true);
}

Traffic::Item Traffic::NewRequest() {
  Item item = Request(NewExecution(), true);
  if (earlier_.size() < kRemembered) {
    earlier_.push_back(item);
  } else {
    earlier_[Roll(kRemembered)] = item;
  }
  return item;
}

Traffic::Item Traffic::Request(const ExecutionId& id, bool with_id, const std::string& more) {
  const std::string number = R"(,"number":)" + std::to_string(++bodies_);
  std::string body = world_.Envelope(id.ToJson(), more + number);
  if (!with_id) {
    const std::size_t begin = body.find(R"("message_id")");
    body.erase(begin, body.find(R"("correlation_id")") - begin);
  }
  return {World::DeadMessage(std::move(body)), Nature::kRequest, id};
}

Traffic::Item Traffic::Strange() {
  const std::string number = std::to_string(++bodies_);
  const std::uint64_t roll = Roll(4);
  Item item;
  if (roll == 0) {
    item = {World::DeadMessage(R"({"message_type":"Greeting","number":)" + number + "}"),
            Nature::kUnexpectedType, std::nullopt};
  } else if (roll == 1) {
    item = {World::DeadMessage(world_.Envelope("\"" + number + "\"")), Nature::kMalformed,
            std::nullopt};
  } else {
    item = {World::DeadMessage("no json " + number + std::string(Roll(2'000), '\xfe')),
            Nature::kMalformed, std::nullopt};
  }
  if (roll == 2) item.message.properties.message_id = FormatUuid(RandomUuid());
  return item;
}

Traffic::Item Traffic::Again(Item item) {
  LetDieAt(item.message, 1'767'225'600 + Roll(1'000'000));
  return item;
}

ExecutionId Traffic::NewExecution(const std::string& status) {
  const ExecutionId id = world_.AddExecution(next_++, status);
  account_.Row(id, status);
  return id;
}

void Traffic::Publish(std::vector<Item> items) {
  std::vector<const Item*> left;
  for (Item& item : items) {
    item.message.properties.delivery_mode = 2;
    left.push_back(&item);
  }
  const bool published = WaitUntil([&] {
    std::vector<OutgoingMessage> outgoing;
    for (const Item* item : left) {
      account_.Sends(item->message, item->nature, item->execution);
      outgoing.push_back({{kDeadLetterExchange, "execution.dispatch.worker.7"}, item->message});
    }
    const std::vector<PublishResult> results = publisher_->Publish(outgoing);
    std::vector<const Item*> again;
    for (std::size_t index = 0; index < results.size(); ++index) {
      if (results[index].outcome == PublishOutcome::kConfirmed) {
        account_.Sent(left[index]->message);
      } else {
        again.push_back(left[index]);
      }
    }
    left = std::move(again);
    return left.empty();
  });
  if (!published) throw std::runtime_error("the broker does not take messages");
}

void Traffic::Complete() {
  for (const ExecutionId& id : std::exchange(to_complete_, {})) {
    const std::string result = R"({"answer":)" + id.ToString() + "}";
    LedgerResult<bool> completed = false;
    const bool answered = WaitUntil([&] {
      completed = worker_->FinishIfFailable(id, "completed", result);
      return completed.has_value();
    });
    if (!answered) throw std::runtime_error("a worker could not complete " + id.ToString());
    if (*completed) account_.Moved(id, "completed", result);
  }
}

}  // namespace deadletter::test
