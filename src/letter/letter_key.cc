#include "letter/letter_key.h"

#include <algorithm>

#include "base/sha256.h"

namespace deadletter {
namespace {

constexpr std::size_t kTimeBytes = 8;
constexpr std::size_t kHashBytes = 16;

Sha256::Digest HashOfDeath(const Letter& letter) {
  Sha256 hash;
  hash.AddPart(*letter.message_id);
  hash.AddPart(letter.delivery.message.body);
  hash.AddNumber(static_cast<std::int64_t>(letter.history.deaths.size()));
  for (const Death& death : letter.history.deaths) {
    hash.AddPart(death.queue);
    hash.AddPart(death.reason_text);
    hash.AddNumber(death.count);
    hash.AddNumber(death.time_seconds ? 1 : 0);
    hash.AddNumber(death.time_seconds.value_or(0));
  }
  hash.AddPart(letter.replay_id ? FormatUuid(letter.replay_id->value()) : "");
  return hash.Finish();
}

}  // namespace

std::optional<LetterKey> KeyOf(const Letter& letter) {
  if (!letter.message_id || letter.history.deaths.empty()) return std::nullopt;
  const auto seconds = letter.history.deaths.front().time_seconds;
  if (!seconds) return std::nullopt;
  std::array<std::uint8_t, kTimeBytes + kHashBytes> key;
  const std::uint64_t sortable = static_cast<std::uint64_t>(*seconds) ^ (std::uint64_t{1} << 63);
  for (std::size_t index = 0; index < kTimeBytes; ++index) {
    key[index] = static_cast<std::uint8_t>(sortable >> (56 - 8 * index));
  }
  const Sha256::Digest digest = HashOfDeath(letter);
  std::ranges::copy_n(digest.begin(), kHashBytes, key.begin() + kTimeBytes);
  return LetterKey(key);
}

GroupId GroupOf(const Letter& letter) {
  Sha256 hash;
  hash.AddPart(WithoutNumbers(letter.type.value_or("")));
  hash.AddPart(WithoutNumbers(letter.action.value_or("")));
  hash.AddPart(ReasonName(letter.reason));
  hash.AddPart(WithoutNumbers(letter.history.first_queue.value_or("")));
  const Sha256::Digest digest = hash.Finish();
  std::array<std::uint8_t, kHashBytes> group;
  std::ranges::copy_n(digest.begin(), kHashBytes, group.begin());
  return GroupId(group);
}

}  // namespace deadletter
