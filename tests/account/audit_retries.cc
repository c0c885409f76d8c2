// What rules sent back: each retried letter has one message, wherever that is by now.
#include <fmt/format.h>

#include <algorithm>

#include "tests/account/audit.h"
#include "tests/account/rules.h"

namespace deadletter::test {
void Audit::SortRetries() {
  for (const LetterFact& letter : evidence_.ledger.letters) {
    by_id_[letter.id] = &letter;
    if (letter.retry && !IsOfReplay(letter.retry))
      sent_again_[letter.retry->letter_id].died.push_back(&letter);
    if (letter.outcome == "retried" && letter.execution_id)
      retried_[*letter.execution_id].push_back(&letter);
  }
  for (const OutboxFact& entry : evidence_.ledger.outbox) {
    if (entry.kind == "retry" && entry.retry)
      sent_again_[entry.letter_id].pending.push_back(&*entry.retry);
  }
  for (const auto* messages : {&evidence_.retries, &account_.taken_}) {
    for (const RetryFact& message : *messages) {
      if (!replays_.contains(message.replay_id))
        sent_again_[message.letter_id].live.push_back(&message);
    }
  }
}

// That of one attempt's letters only one is retried is a question of the execution's.
void Audit::AddPermittedRetryOutcomes(const LetterFact& letter, bool was_moved,
                                      std::set<std::string>& permitted) const {
  if (AttemptOf(letter) < kMostRetries) {
    permitted.insert("retried");
  } else if (!was_moved) {
    permitted.insert("failed");
  }
}

// Where nobody waits for its message any more.
bool Audit::MayBeWithdrawn(const LetterFact& letter) const {
  const auto row = rows_.find(letter.execution_id.value_or(""));
  if (row == rows_.end() || !IsFailable(row->second->status)) return true;
  const auto again = sent_again_.find(letter.id);
  return again != sent_again_.end() &&
         std::ranges::any_of(again->second.died,
                             [](const LetterFact* died) { return died->outcome == "retried"; });
}

void Audit::CheckRetries() {
  for (const auto& [execution, letters] : retried_) {
    std::map<std::string, Letters> by_message;
    for (const LetterFact* letter : letters) {
      by_message[ReplayOf(*letter)].push_back(letter);
      const auto sent = account_.messages_.find(letter->body_digest);
      if (sent != account_.messages_.end()) CheckRetried(*letter, sent->second);
    }
    for (const auto& [replay, same] : by_message) {
      if (same.size() == 1) continue;
      Break(Promise::kP3,
            fmt::format("execution {}: one attempt of it is retried by {} letters: {}", execution,
                        same.size(), Names(same)));
    }
  }
  CheckSentForNobody();
}

void Audit::CheckRetried(const LetterFact& letter, const Sent& sent) {
  const auto found = sent_again_.find(letter.id);
  const SentAgain none;
  const SentAgain& again = found == sent_again_.end() ? none : found->second;
  const bool is_nowhere = again.pending.empty() && again.live.empty() && again.died.empty();
  const bool must_be_somewhere = letter.state == "waiting" && evidence_.saw_queues &&
                                 !account_.retries_that_may_be_lost_.contains(letter.id);
  if (is_nowhere && must_be_somewhere) {
    Break(Promise::kP1, Name(letter) +
                            ": its message is neither in the outbox, nor with a "
                            "worker, nor dead again");
  }
  if (again.pending.size() > 1) {
    Break(Promise::kP3,
          fmt::format("{}: {} messages of it are to be sent", Name(letter), again.pending.size()));
  }
  CheckMessages(letter, sent, again);
}

// Sent twice, it is the same twice: a worker drops the second one.
void Audit::CheckMessages(const LetterFact& letter, const Sent& sent, const SentAgain& again) {
  std::set<std::string> replays;
  std::set<std::string> ids;
  const auto look = [&](const RetryFact& message, const std::string& body_digest) {
    replays.insert(message.replay_id);
    ids.insert(message.message_id);
    if (message.attempt != AttemptOf(letter) + 1) {
      Break(Promise::kP2, fmt::format("{}: its message counts as attempt {}, where {} was due",
                                      Name(letter), message.attempt, AttemptOf(letter) + 1));
    }
    const bool is_kept = std::ranges::any_of(
        sent.forms, [&](const auto& form) { return form.kept_digest == message.kept_digest; });
    if (!is_kept || body_digest != letter.body_digest) {
      Break(Promise::kP4, Name(letter) + ": its message was sent again with other content");
    }
  };
  for (const RetryFact* message : again.pending) look(*message, letter.body_digest);
  for (const RetryFact* message : again.live) look(*message, message->body_digest);
  for (const LetterFact* died : again.died) look(*died->retry, died->body_digest);
  if (replays.size() > 1 || ids.size() > 1) {
    Break(Promise::kP3, fmt::format("{}: its message was sent again as {} different ones",
                                    Name(letter), std::max(replays.size(), ids.size())));
  }
}

// Nothing is sent again but for a letter that is retried.
void Audit::CheckSentForNobody() {
  for (const auto& [id, again] : sent_again_) {
    const auto letter = by_id_.find(id);
    if (letter != by_id_.end() && letter->second->outcome == "retried") continue;
    Break(Promise::kP3, fmt::format("{}: a message of it was sent again, and it is not retried",
                                    letter == by_id_.end() ? "letter " + id + " (not in the ledger)"
                                                           : Name(*letter->second)));
  }
}

// Its worker never comes, and what comes of it in the end has not come yet.
bool Audit::IsToDieAgain(const LetterFact& letter) const {
  if (letter.outcome != "retried" || letter.state != "waiting") return false;
  const auto sent = account_.messages_.find(letter.body_digest);
  if (sent == account_.messages_.end() || sent->second.nature != Nature::kRetriedAndDying)
    return false;
  const auto again = sent_again_.find(letter.id);
  const bool may_be_lost = account_.retries_that_may_be_lost_.contains(letter.id);
  if (again == sent_again_.end()) return !may_be_lost;
  const bool has_died = !again->second.died.empty();
  return !has_died && again->second.pending.empty() && !may_be_lost;
}

void Audit::CheckFormAgain(const std::string& digest, const Sent& sent, const LetterFact& letter) {
  const bool may_die =
      IsOfReplay(letter.retry) ? sent.nature == Nature::kReplayedAndDying : IsRetried(sent);
  if (!may_die) {
    Break(Promise::kP3, fmt::format("{}: {}: was sent again, and neither rule nor person says so",
                                    Name(digest, sent), Name(letter)));
  }
  if (letter.reason != "expired" || letter.queue != kDyingQueue) {
    Break(Promise::kP4, fmt::format("{}: {}: died in {}, {}, as the ledger has it",
                                    Name(digest, sent), Name(letter), letter.queue, letter.reason));
  }
  if (letter.possible_duplicate) {
    Break(Promise::kP3, fmt::format("{}: {}: marked as a possible duplicate, and its key "
                                    "identifies it",
                                    Name(digest, sent), Name(letter)));
  }
}

}  // namespace deadletter::test
