#include "tests/account/traffic.h"

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <stdexcept>

#include "base/rfc3339.h"

namespace deadletter::test {
namespace {

constexpr std::size_t kRemembered = 50;
constexpr std::int64_t kNobodys = 900'000'000'000;  // ids from here on have no row
constexpr const char* kEarlierAttempt =
    R"(,"scheduled_attempt_updated_at":"2001-02-03T04:05:06.700Z")";

// Until the first of their letters was deferred. Of the servers that come to it meanwhile most are
// killed before they can say so.
constexpr std::chrono::seconds kLocked(60);
constexpr std::size_t kMostLocked = 3;
constexpr std::chrono::milliseconds kDiesAfter(200);

constexpr std::size_t kMostReplayed = 8;  // ten that no queue takes would stop a replay
constexpr std::size_t kManyLetters = 1'000;

void ChangeDeath(Message& message, const std::string& field, FieldValue value) {
  auto& deaths = std::get<FieldArray>(message.headers.entries.front().value.value);
  for (FieldEntry& entry : std::get<FieldTable>(deaths.front().value).entries) {
    if (entry.name == field) entry.value = value;
  }
}

}  // namespace

Traffic::Traffic(World& world, Account& account, std::uint64_t seed, std::int64_t first)
    : world_(world),
      account_(account),
      random_(seed),
      next_(first),
      publisher_(world.pair().broker().MakePublisher()),
      worker_(world.pair().ledger().OpenExecutions()),
      catalog_(world.pair().ledger().OpenCatalog()),
      book_(world.pair().ledger().OpenReplayBook()) {
  BrokerUnderTest& broker = world.pair().broker();
  broker.DeclareQueue(kKeepingQueue, {});
  broker.Bind("attune.executions", kKeepingQueue, kKeepingKey);
  broker.DeclareQueue(kTakenQueue, {});
  broker.Bind("attune.executions", kTakenQueue, kTakenKey);
  broker.DeclareQueue(kDyingQueue,
                      {.ttl = kDiesAfter, .dead_letter_exchange = kDeadLetterExchange});
  broker.Bind("attune.executions", kDyingQueue, kDyingKey);
  for (const char* queue : {kKeepingQueue, kTakenQueue, kDyingQueue}) account.Watches(queue);
}

void Traffic::Send(std::size_t count) {
  if (IsLockedLongEnough()) Unlock();
  std::vector<Item> items;
  while (items.size() < count) items.push_back(Next());
  Publish(std::move(items));
  Complete();
  if (Roll(8) == 0) (void)Replay();
}

void Traffic::SendStrange(std::size_t count) {
  std::vector<Item> items;
  while (items.size() < count) items.push_back(Strange());
  Publish(std::move(items));
}

Traffic::Item Traffic::Next() {
  const std::uint64_t roll = Roll(100);
  if (roll < 22) return NewRequest();
  if (roll < 26) return ToReplay(Nature::kReplayed, kTakenQueue, kTakenKey);
  if (roll < 29) return ToReplay(Nature::kReplayedAndDying, kDyingQueue, kDyingKey);
  if (roll < 30 && !late_.empty()) {
    Item late = Request(late_[Roll(late_.size())], true);
    late.nature = Nature::kLateRequest;
    return late;
  }
  if (roll < 55) return Ruled();
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
    to_complete_.emplace_back(NewExecution("running"), MessageAttempt());
    return Request(to_complete_.back().first, true);
  }
  if (roll < 92) return Strange();
  if (earlier_.empty()) return NewRequest();
  const Item& earlier = earlier_[Roll(earlier_.size())];
  if (roll < 96) return earlier;
  return roll < 98 ? Again(earlier) : Request(*earlier.execution, true);
}

Traffic::Item Traffic::Ruled() {
  switch (Roll(8)) {
    case 0:
    case 1:
      return ForAction(kParkedAction, Nature::kParked);
    case 2:
      return ForAction(kDiscardedAction, Nature::kDiscarded);
    case 3:
    case 4:
      return ToRetry(Nature::kRetried, kKeepingQueue, kKeepingKey);
    case 5:
    case 6:
      return ToRetry(Nature::kRetriedAndDying, kDyingQueue, kDyingKey);
    default:
      return Roll(2) == 0 ? Locked() : Refused();
  }
}

// Some have no id, and of some the work is done, before their letter or after it.
Traffic::Item Traffic::ForAction(const char* action, Nature nature) {
  const std::uint64_t roll = Roll(6);
  const ExecutionId id = NewExecution(roll == 0   ? "completed"
                                      : roll == 1 ? "running"
                                                  : "scheduled");
  if (roll == 1) to_complete_.emplace_back(id, MessageAttempt());
  Item item = Request(id, roll != 2);
  std::string& body = item.message.body;
  const std::string echo = "core.echo";
  body.replace(body.find(echo), echo.size(), action);
  item.nature = nature;
  return item;
}

Traffic::Item Traffic::ToRetry(Nature nature, const char* queue, const char* key) {
  Item item = ForAction(kRetriedAction, nature);
  ChangeDeath(item.message, "queue", {std::string(queue)});
  ChangeDeath(item.message, "routing-keys", {FieldArray{{std::string(key)}}});
  item.message.headers.entries.push_back({"trace", {std::to_string(bodies_)}});
  if (Roll(3) == 0) item.message.properties.priority = 3;
  // Copies of it, too.
  if (!earlier_.empty() && Roll(4) == 0) earlier_[Roll(earlier_.size())] = item;
  return item;
}

Traffic::Item Traffic::ToReplay(Nature nature, const char* queue, const char* key) {
  Item item = Request(NewExecution(Roll(2) == 0 ? "running" : "scheduled"), true);
  std::string& body = item.message.body;
  const std::string echo = "core.echo";
  body.replace(body.find(echo), echo.size(), kReplayedAction);
  item.nature = nature;
  ChangeDeath(item.message, "queue", {std::string(queue)});
  ChangeDeath(item.message, "routing-keys", {FieldArray{{std::string(key)}}});
  item.message.headers.entries.push_back({"trace", {std::to_string(bodies_)}});
  return item;
}

std::vector<LetterSummary> Traffic::ReplayableLetters() {
  LetterFilter filter;
  filter.state = LetterState::kOpen;
  filter.outcome = Outcome::kFailed;
  filter.action = kReplayedAction;
  std::vector<LetterSummary> letters;
  const bool listed = WaitUntil([&] {
    auto page = catalog_->List(filter, kManyLetters, {});
    if (page) letters = std::move(page->letters);
    return page.has_value();
  });
  if (!listed) throw std::runtime_error("the ledger does not list its letters");
  return letters;
}

// Some wait so long for an answer that another replay of theirs finds none.
ReplaySpec Traffic::AnySpec() {
  ReplaySpec spec;
  spec.made_by = "anna";
  spec.answer_within = std::chrono::seconds(Roll(3) == 0 ? 1 : 8);
  if (Roll(3) == 0) spec.milli_rate = 20'000;
  if (Roll(5) == 0) spec.redirect = Address{"attune.executions", "execution.dispatch.no.one"};
  return spec;
}

std::size_t Traffic::Replay() {
  std::vector<LetterSummary> letters = ReplayableLetters();
  const std::size_t most = 1 + Roll(kMostReplayed);
  while (letters.size() > most) {
    letters[Roll(letters.size())] = std::move(letters.back());
    letters.pop_back();
  }
  if (letters.empty()) return 0;
  LetterSelection selection;
  std::vector<std::string> ids;
  for (const LetterSummary& letter : letters) {
    selection.ids.push_back(letter.id);
    ids.push_back(FormatUuid(letter.id.value()));
    account_.Replays(ids.back());
    late_.push_back(ExecutionId(std::int64_t{std::stoll(letter.execution_id.value())}));
  }
  const ReplaySpec spec = AnySpec();
  const bool answered = WaitUntil([&] {
    const Instant now = SystemClock().Now();
    const ReplayId id(TimeOrderedUuid(now));  // another one where it is not known what became of it
    if (spec.redirect) account_.LeadsNowhere(FormatUuid(id.value()));
    AuditEntry entry{.id = TimeOrderedUuid(now),
                     .at = now,
                     .who = "anna",
                     .role = "operator",
                     .what = "replay",
                     .subject = FormatUuid(id.value()),
                     .detail = ""};
    const auto made = book_->Make(id, spec, selection, kManyLetters, now, entry);
    if (made && made->made) account_.ReplayWasMade(FormatUuid(id.value()), ids);
    return made.has_value();
  });
  if (!answered) throw std::runtime_error("the ledger does not take a replay");
  return letters.size();
}

void Traffic::Work() {
  std::map<std::int64_t, MessageAttempt> newest;
  for (const Message& message : MessagesIn(world_, kTakenQueue)) {
    const boost::json::value body = boost::json::parse(message.body);
    const boost::json::value& execution = body.at("payload").at("execution_id");
    newest[std::stoll(boost::json::serialize(execution))] = AttemptOf(message);
  }
  for (const auto& [execution, attempt] : newest) {
    if (Roll(2) == 0 || !completed_.insert(std::to_string(execution)).second) continue;
    to_complete_.emplace_back(ExecutionId(execution), attempt);
  }
  Complete();
}

Traffic::Item Traffic::Locked() {
  if (!world_.pair().capabilities().locks_single_rows || locked_.size() >= kMostLocked)
    return Refused();
  const ExecutionId id = NewExecution(Roll(2) == 0 ? "running" : "scheduled");
  if (locked_.empty()) {
    holder_ = std::make_unique<PlatformConnection>(world_.pair().LedgerUrl());
    holder_->Run("BEGIN");
    locked_since_ = std::chrono::steady_clock::now();
  }
  (void)holder_->Ask("SELECT FROM execution WHERE id = $1 FOR UPDATE", {id.ToString()});
  locked_.push_back(id);
  account_.Locks(id);
  return Request(id, true);
}

bool Traffic::IsLockedLongEnough() {
  if (locked_.empty()) return false;
  if (std::chrono::steady_clock::now() - locked_since_ > kLocked) return true;
  return holder_->Value(
             "SELECT count(*) > 0 FROM deadletter.letter "
             "WHERE outcome = 'deferred' AND convert_from(execution_id, 'UTF8') = $1",
             {locked_.front().ToString()}) == "t";
}

void Traffic::Unlock() {
  if (locked_.empty()) return;
  account_.CheckHeld(LookAround(world_, account_));
  std::vector<ExecutionId> completed;
  for (const ExecutionId& id : std::exchange(locked_, {})) {
    account_.Frees(id);
    if (Roll(2) == 0) continue;
    (void)holder_->Ask(
        "UPDATE execution SET status = 'completed', result = '{\"worker\": \"mine\"}' WHERE id = "
        "$1",
        {id.ToString()});
    completed.push_back(id);
  }
  holder_->Run("COMMIT");
  holder_.reset();
  for (const ExecutionId& id : completed) {
    account_.Moved(id, "completed", R"({"worker": "mine"})");
  }
}

Traffic::Item Traffic::Refused() {
  const ExecutionId id = NewExecution();
  world_.pair().ledger().Refuse(id);
  refused_.push_back(id);
  account_.Refuses(id);
  return Request(id, true);
}

void Traffic::RefuseNobody() {
  if (refused_.empty()) return;
  account_.CheckHeld(LookAround(world_, account_));
  for (const ExecutionId& id : std::exchange(refused_, {})) account_.Frees(id);
  world_.pair().ledger().RefuseNobody();
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
  ChangeDeath(item.message, "time", {FieldTimestamp{1'767'225'600 + Roll(1'000'000)}});
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
  for (const auto& [id, attempt] : std::exchange(to_complete_, {})) {
    const std::string result = R"({"answer":)" + id.ToString() + "}";
    LedgerResult<bool> completed = false;
    const bool answered = WaitUntil([&] {
      completed = worker_->FinishIfFailable(id, attempt, "completed", result);
      return completed.has_value();
    });
    if (!answered) throw std::runtime_error("a worker could not complete " + id.ToString());
    if (*completed) account_.Moved(id, "completed", result);
  }
}

}  // namespace deadletter::test
