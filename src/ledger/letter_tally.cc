#include "ledger/letter_tally.h"

#include <algorithm>
#include <utility>

#include "letter/death.h"
#include "letter/field_json.h"

namespace deadletter {
namespace {

std::optional<std::string> WordOf(const std::optional<std::string>& text) {
  return text ? std::optional(GroupWord(*text)) : std::nullopt;
}

}  // namespace

std::string GroupWord(std::string_view text) {
  return WithoutNumbers(text.substr(0, kMaxGroupWordBytes));
}

std::optional<std::string> FirstQueueWord(std::string_view headers_json) {
  const auto headers = FieldTableFromJson(headers_json);
  if (!headers) return std::nullopt;
  return WordOf(ReadDeathHistory(*headers).first_queue);
}

Instant HourOf(Instant instant) {
  return std::chrono::floor<std::chrono::hours>(instant);
}

std::string_view CountedByName(CountedBy by) {
  switch (by) {
    case CountedBy::kReason:
      return "reason";
    case CountedBy::kQueue:
      return "queue";
    case CountedBy::kOutcome:
      return "outcome";
  }
  std::unreachable();
}

void LetterTally::Add(const CountedLetter& letter) {
  ++letters_;
  const auto [place, is_new] = groups_.try_emplace(letter.group);
  GroupTally& group = place->second;
  if (is_new) {
    group = {.type = WordOf(letter.type),
             .action = WordOf(letter.action),
             .reason = letter.reason,
             .queue = GroupWord(letter.queue),
             .letters = 0,
             .first_seen = letter.received_at,
             .last_seen = letter.received_at,
             .sample = letter.id};
  }
  ++group.letters;
  group.first_seen = std::min(group.first_seen, letter.received_at);
  group.last_seen = std::max(group.last_seen, letter.received_at);
  group.sample = std::max(group.sample, letter.id);

  const Instant hour = HourOf(letter.received_at);
  ++group_hours_[{letter.group, hour}];
  const bool has_name = letter.queue.size() <= kMaxCountedQueueBytes;
  ++hours_[{hour, CountedBy::kReason, letter.reason}];
  ++hours_[{hour, CountedBy::kQueue, has_name ? letter.queue : std::string()}];
  ++hours_[{hour, CountedBy::kOutcome, letter.outcome}];
}

}  // namespace deadletter
