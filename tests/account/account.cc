#include "tests/account/account.h"

#include <fmt/format.h>

#include <algorithm>

namespace deadletter::test {
namespace {

constexpr std::size_t kShown = 20;  // findings in the text; all of them are counted

// The newest entry of a message's `x-death`, if it has one.
const FieldTable* NewestDeath(const Message& message) {
  const FieldValue* deaths = message.headers.Find("x-death");
  const auto* list = deaths == nullptr ? nullptr : std::get_if<FieldArray>(&deaths->value);
  if (list == nullptr || list->empty()) return nullptr;
  return std::get_if<FieldTable>(&list->front().value);
}

// When the message died last, by its `x-death`; 0 where it does not say.
std::int64_t DeathTime(const Message& message) {
  const FieldTable* newest = NewestDeath(message);
  const FieldValue* time = newest == nullptr ? nullptr : newest->Find("time");
  const auto* stamp = time == nullptr ? nullptr : std::get_if<FieldTimestamp>(&time->value);
  return stamp == nullptr ? 0 : static_cast<std::int64_t>(stamp->seconds);
}

std::string DeathText(const Message& message, const char* field, const char* otherwise) {
  const FieldTable* newest = NewestDeath(message);
  const FieldValue* value = newest == nullptr ? nullptr : newest->Find(field);
  const auto* text = value == nullptr ? nullptr : std::get_if<std::string>(&value->value);
  return text == nullptr ? otherwise : *text;
}

bool HasMessageId(const Message& message) {
  return message.properties.message_id.has_value() ||
         message.body.find(R"("message_id":")") != std::string::npos;
}

}  // namespace

std::string PromiseName(Promise promise) {
  switch (promise) {
    case Promise::kP1:
      return "P1 nothing lost";
    case Promise::kP2:
      return "P2 nothing overwritten";
    case Promise::kP3:
      return "P3 nothing twice";
    case Promise::kP4:
      return "P4 nothing silent";
    case Promise::kP6:
      return "P6 everyone hears";
  }
  return "";
}

std::size_t Balance::Broken(Promise promise) const {
  return static_cast<std::size_t>(std::ranges::count(findings, promise, &Finding::promise));
}

std::string Balance::Text() const {
  std::string text = fmt::format(
      "{} messages, {} letters recorded, {} executions failed, {} events heard ({} of them more "
      "than once)\n",
      messages, letters, failed, events, copies);
  for (const Promise promise : kPromises) {
    const std::size_t broken = Broken(promise);
    text +=
        PromiseName(promise) + (broken == 0 ? ": passed\n" : fmt::format(": {} broken\n", broken));
  }
  for (std::size_t index = 0; index < findings.size() && index < kShown; ++index) {
    const Finding& finding = findings[index];
    text += fmt::format("  {}: {}\n", PromiseName(finding.promise).substr(0, 2), finding.what);
  }
  if (findings.size() > kShown) text += fmt::format("  and {} more\n", findings.size() - kShown);
  if (!IsComplete()) text += fmt::format("on their way: {}\n", on_their_way.size());
  for (std::size_t index = 0; index < on_their_way.size() && index < kShown; ++index) {
    text += "  " + on_their_way[index] + "\n";
  }
  return text;
}

void Account::Row(const ExecutionId& id, const std::string& status) {
  rows_[id.ToString()] = {status, status, std::nullopt, Held::kNot};
}

void Account::Moved(const ExecutionId& id, const std::string& status,
                    std::optional<std::string> result_json) {
  ExpectedRow& row = rows_.at(id.ToString());
  row.status = status;
  row.result_json = std::move(result_json);
}

void Account::Sends(const Message& message, Nature nature,
                    const std::optional<ExecutionId>& execution) {
  SentMessage& sent = messages_[DigestOf(message.body)];
  const std::int64_t death = DeathTime(message);
  if (sent.number == 0) {
    sent.number = messages_.size();
    sent.nature = nature;
    if (execution) sent.execution = execution->ToString();
    sent.has_key = HasMessageId(message) && death != 0;
  }
  ++sent.deaths[death].tried;
  sent.forms.insert({FormDigestOf(message), DeathText(message, "reason", "unknown"),
                     DeathText(message, "queue", ""),
                     KeptDigestOf(message.properties, message.headers)});
  sent.returns_before += returns_;
  sent.broker_kills_before += broker_kills_;
}

void Account::Sent(const Message& message) {
  ++messages_.at(DigestOf(message.body)).deaths.at(DeathTime(message)).certain;
}

void Account::MayLose(const ExecutionId& id) {
  for (auto& [digest, sent] : messages_) {
    if (sent.execution == id.ToString()) sent.may_be_lost = true;
  }
}

void Account::MayLoseReplays(const LedgerFacts& before, const LedgerFacts& after) {
  std::set<LetterOfReplay> answered;
  for (const ReplayFact& part : before.replays) {
    const bool is_answered = part.outcome == "succeeded" || part.outcome == "failed_again" ||
                             part.outcome == "withdrawn" || part.outcome == "taken" ||
                             part.outcome == "unroutable";
    if (is_answered) answered.insert({part.replay_id, part.letter_id});
  }
  for (const ReplayFact& part : after.replays) {
    const LetterOfReplay letter{part.replay_id, part.letter_id};
    if (part.was_claimed && !answered.contains(letter)) replay_may_be_lost_.insert(letter);
  }
}

void Account::MayLoseRetries(const LedgerFacts& ledger) {
  std::unordered_set<std::string> safe;
  for (const OutboxFact& entry : ledger.outbox) safe.insert(entry.letter_id);
  for (const LetterFact& letter : ledger.letters) {
    if (letter.retry) safe.insert(letter.retry->letter_id);
  }
  for (const LetterFact& letter : ledger.letters) {
    const auto sent = messages_.find(letter.body_digest);
    const bool dies = sent != messages_.end() && sent->second.nature == Nature::kRetriedAndDying;
    if (dies && letter.outcome == "retried" && !safe.contains(letter.id))
      retries_that_may_be_lost_.insert(letter.id);
  }
}

std::size_t Account::RefusalsDue() const {
  std::size_t due = 0;
  for (const auto& [digest, sent] : messages_) {
    const auto row = rows_.find(sent.execution.value_or(""));
    if (row != rows_.end() && row->second.held == Held::kRefused) due += sent.Least();
  }
  return due;
}

std::size_t Account::SentMessage::Least() const {
  std::size_t least = 0;
  if (may_be_lost) return least;
  for (const auto& [time, copies] : deaths) {
    least += has_key ? std::min<std::size_t>(copies.certain, 1) : copies.certain;
  }
  return least;
}

std::size_t Account::SentMessage::Most(std::size_t broker_kills) const {
  if (has_key) return deaths.size();
  std::size_t copies = 0;
  for (const auto& [time, count] : deaths) copies += count.tried;
  return copies + copies * broker_kills - broker_kills_before;
}

std::size_t Account::SentMessage::MostMarked(std::size_t returns) const {
  if (has_key) return 0;  // it is recognised instead
  std::size_t copies = 0;
  for (const auto& [time, count] : deaths) copies += count.tried;
  return copies * returns - returns_before;
}

std::size_t Account::LettersDue() const {
  std::size_t due = 0;
  for (const auto& [digest, sent] : messages_) due += sent.Least();
  return due;
}

}  // namespace deadletter::test
