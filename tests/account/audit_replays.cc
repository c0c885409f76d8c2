// What operators sent back: in one replay a letter has one message at most, and none once it is
// certain that it has none; what the ledger says of it is so.
#include <fmt/format.h>

#include <algorithm>

#include "tests/account/audit.h"

namespace deadletter::test {
namespace {

std::string PartName(const ReplayFact& part) {
  return fmt::format("letter {} in replay {} ({}{}{}{})", part.letter_id, part.replay_id, part.step,
                     part.outcome.empty() ? "" : " ", part.outcome,
                     part.was_confirmed ? ", confirmed" : "");
}

// Where the ledger says that its message is, or may be, out.
bool IsPerhapsOut(const ReplayFact& part) {
  if (part.step == "claimed" || part.step == "sent") return true;
  return part.step == "ended" && part.outcome != "unroutable" && part.outcome != "withdrawn" &&
         part.outcome != "taken";
}

}  // namespace

bool Audit::IsOfReplay(const std::optional<RetryFact>& message) const {
  return message && replays_.contains(message->replay_id);
}

void Audit::SortReplays() {
  for (const ReplayFact& part : evidence_.ledger.replays) {
    sendings_[{part.replay_id, part.letter_id}].part = &part;
    if (!part.was_claimed) continue;
    claimed_parts_[part.letter_id].push_back(&part);
    const auto letter = by_id_.find(part.letter_id);
    if (!part.moved_its_row || letter == by_id_.end() || !letter->second->execution_id) continue;
    moves_[*letter->second->execution_id].push_back(&part);
  }
  for (const auto* messages : {&evidence_.retries, &account_.taken_}) {
    for (const RetryFact& message : *messages) {
      if (!replays_.contains(message.replay_id)) continue;
      sendings_[{message.replay_id, message.letter_id}].live.push_back(&message);
    }
  }
  for (const LetterFact& letter : evidence_.ledger.letters) {
    if (!IsOfReplay(letter.retry)) continue;
    sendings_[{letter.retry->replay_id, letter.retry->letter_id}].died.push_back(&letter);
  }
}

// A death of the newest message always fails its execution; one of an earlier replay's, whose
// answer nobody waited for any longer, never.
std::set<std::string> Audit::PermittedReplayOutcomes(const LetterFact& letter,
                                                     bool was_moved) const {
  std::set<std::string> permitted = {"failed"};
  if (!letter.retry) return permitted;
  const auto moves = moves_.find(letter.execution_id.value_or(""));
  const bool is_newest =
      moves != moves_.end() && moves->second.back()->replay_id == letter.retry->replay_id;
  if (!is_newest || was_moved) permitted.insert({"not_failable", "stale_attempt"});
  return permitted;
}

// Nothing: no replay has to do with it.
std::optional<std::set<std::string>> Audit::PermittedStatesInReplay(
    const LetterFact& letter, const std::string& status) const {
  const auto claimed = claimed_parts_.find(letter.id);
  if (claimed == claimed_parts_.end()) {
    if (!moves_.contains(letter.execution_id.value_or(""))) return std::nullopt;
    // Its row was final more than once, perhaps, and is not for the moment.
    if (letter.outcome == "not_failable") return {{"closed"}};
    if (letter.outcome == "stale_attempt") return {{"closed", "open"}};
    return std::nullopt;
  }
  const ReplayFact& newest = *claimed->second.back();
  if (newest.step != "ended") return {{"waiting"}};
  if (newest.outcome == "succeeded" || newest.outcome == "failed_again") return {{"closed"}};
  if (IsFinal(status) && status != "failed") return {{"closed", "open"}};
  return {{"open"}};
}

void Audit::CheckReplays() {
  for (const auto& [key, sending] : sendings_) {
    if (sending.part != nullptr) {
      CheckPart(*sending.part, sending);
    } else {
      Break(Promise::kP3, fmt::format("letter {} in replay {}: a message of it was sent, and that "
                                      "replay does not have it",
                                      key.second, key.first));
    }
  }
  for (const auto& [replay, letter] : account_.replays_made_) {
    const auto found = sendings_.find({replay, letter});
    if (found != sendings_.end() && found->second.part != nullptr) continue;
    Break(Promise::kP1, fmt::format("replay {}: was made of letter {}, and the ledger does not "
                                    "have that",
                                    replay, letter));
  }
  CheckOneReplayAtATime();
}

void Audit::CheckPart(const ReplayFact& part, const Sending& sending) {
  const auto letter = by_id_.find(part.letter_id);
  if (letter == by_id_.end()) {
    Break(Promise::kP1, PartName(part) + ": there is no such letter");
    return;
  }
  const auto sent = account_.messages_.find(letter->second->body_digest);
  if (sent == account_.messages_.end()) return;  // named already
  if (!account_.may_be_replayed_.contains(part.letter_id) || !IsReplayed(sent->second))
    Break(Promise::kP2, PartName(part) + ": nobody has asked for that");
  if (part.moved_its_row && letter->second->outcome != "failed") {
    Break(Promise::kP2,
          fmt::format("{}: took back an execution for {}", PartName(part), Name(*letter->second)));
  }
  CheckSending(part, sending, *letter->second, sent->second);
  if (part.step == "ended") CheckEnd(part, *letter->second);
}

void Audit::CheckSending(const ReplayFact& part, const Sending& sending, const LetterFact& letter,
                         const Sent& sent) {
  const bool is_dying = sent.nature == Nature::kReplayedAndDying;
  const bool is_excused =
      is_dying && account_.replay_may_be_lost_.contains({part.replay_id, part.letter_id});
  if (sending.count() > 1 && !is_excused) {
    Break(Promise::kP3,
          fmt::format("{}: its message was sent {} times", PartName(part), sending.count()));
  }
  if (sending.count() > 0 && !IsPerhapsOut(part))
    Break(Promise::kP3, PartName(part) + ": its message was sent, and that is not shown");
  if (part.was_confirmed && !IsPerhapsOut(part))
    Break(Promise::kP3, PartName(part) + ": its confirm is forgotten");
  if (part.was_confirmed && sending.count() == 0 && evidence_.saw_queues && !is_excused)
    Break(Promise::kP1, PartName(part) + ": its message is nowhere");
  const auto look = [&](const RetryFact& message, const std::string& body_digest) {
    const bool is_kept = std::ranges::any_of(
        sent.forms, [&](const auto& form) { return form.kept_digest == message.kept_digest; });
    if (!is_kept || body_digest != letter.body_digest)
      Break(Promise::kP4, PartName(part) + ": its message was sent with other content");
    if (message.attempt != 0)
      Break(Promise::kP2, PartName(part) + ": its message counts as a rule's attempt");
  };
  for (const RetryFact* message : sending.live) look(*message, message->body_digest);
  for (const LetterFact* died : sending.died) look(*died->retry, died->body_digest);
  if (!is_dying || sending.live.empty()) return;
  balance_.on_their_way.push_back("to die again: " + PartName(part));
}

const LetterFact* Audit::DeathIn(const ReplayFact& part) const {
  const auto sending = sendings_.find({part.replay_id, part.letter_id});
  if (sending == sendings_.end()) return nullptr;
  const auto found =
      std::ranges::find(sending->second.died, std::string("failed"), &LetterFact::outcome);
  return found == sending->second.died.end() ? nullptr : *found;
}

void Audit::CheckEnd(const ReplayFact& part, const LetterFact& letter) {
  const auto expected = account_.rows_.find(letter.execution_id.value_or(""));
  const bool is_completed =
      expected != account_.rows_.end() && expected->second.status == "completed";
  if (part.outcome == "succeeded" && !is_completed)
    Break(Promise::kP4, PartName(part) + ": nobody has completed its execution");
  if (part.outcome == "failed_again" && DeathIn(part) == nullptr)
    Break(Promise::kP4, PartName(part) + ": its message has failed nothing");
  if (part.outcome == "in_doubt" && part.was_confirmed)
    Break(Promise::kP4, PartName(part) + ": there is no doubt");
  if (part.outcome == "no_answer" && !part.was_confirmed)
    Break(Promise::kP4,
          PartName(part) + ": whether it was sent is in doubt, and that is not shown");
  CheckNotSent(part, letter);
}

// Where the ledger says that nobody has its message it says why, and that must be so, too.
void Audit::CheckNotSent(const ReplayFact& part, const LetterFact& letter) {
  if (part.outcome == "unroutable" && !account_.leads_nowhere_.contains(part.replay_id))
    Break(Promise::kP4, PartName(part) + ": a queue was bound where it leads");
  if (part.outcome == "taken" && !IsTakenByAnother(part))
    Break(Promise::kP4, PartName(part) + ": no other replay had it");
  if (part.outcome == "withdrawn" && !MayBeWithdrawn(part, letter))
    Break(Promise::kP4, PartName(part) + ": nothing kept it from being sent");
}

// By one that was made before, which has not given it away itself.
bool Audit::IsTakenByAnother(const ReplayFact& part) const {
  return !part.was_claimed &&
         std::ranges::any_of(evidence_.ledger.replays, [&](const ReplayFact& other) {
           return other.letter_id == part.letter_id && other.replay_id < part.replay_id &&
                  other.outcome != "taken";
         });
}

// Its execution is no longer what the letter failed: the platform has moved it or holds it, or
// another replay has brought it back.
bool Audit::MayBeWithdrawn(const ReplayFact& part, const LetterFact& letter) const {
  const auto expected = account_.rows_.find(letter.execution_id.value_or(""));
  if (expected == account_.rows_.end()) return true;
  if (expected->second.WasMoved() || expected->second.held != Account::Held::kNot) return true;
  const auto has_another = [&](const auto& parts, const std::string& id) {
    const auto found = parts.find(id);
    return found != parts.end() && std::ranges::any_of(found->second, [&](const ReplayFact* other) {
             return other->replay_id != part.replay_id || other->letter_id != part.letter_id;
           });
  };
  return has_another(claimed_parts_, letter.id) || has_another(moves_, expected->first);
}

void Audit::CheckOneReplayAtATime() {
  std::unordered_map<std::string, std::string> going;
  for (const ReplayFact& part : evidence_.ledger.replays) {
    if (part.step == "ended") continue;
    const auto [other, is_first] = going.insert({part.letter_id, part.replay_id});
    if (is_first) continue;
    Break(Promise::kP3, fmt::format("letter {}: replayed by {} and by {} at a time", part.letter_id,
                                    other->second, part.replay_id));
  }
}

}  // namespace deadletter::test
