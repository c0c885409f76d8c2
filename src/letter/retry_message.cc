#include "letter/retry_message.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>

namespace deadletter {
namespace {

constexpr std::size_t kMaxShortString = 255;

constexpr std::array<std::string_view, 8> kTakenAway = {
    "x-death", "x-delivery-count", "x-acquired-count", "CC",
    "BCC",     kLetterIdHeader,    kReplayIdHeader,    kRetryAttemptHeader};

// A history may be forged; no broker has such names, and some cannot even be asked for them.
bool IsAddress(const Address& address) {
  return address.exchange.size() <= kMaxShortString &&
         address.routing_key.size() <= kMaxShortString;
}

FieldTable KeptHeaders(const FieldTable& headers) {
  FieldTable kept;
  for (const FieldEntry& entry : headers.entries) {
    if (!IsTakenAway(entry.name)) kept.entries.push_back(entry);
  }
  return kept;
}

// The broker closes the channel for any other expiration, and a header may be forged.
bool IsExpiration(const std::string& text) {
  std::uint32_t milliseconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), milliseconds);
  return error == std::errc{} && end == text.data() + text.size();
}

std::optional<std::string> ExpirationOf(const Letter& letter) {
  const Death* const first = FirstDeath(letter.history);
  if (first != nullptr && first->original_expiration && IsExpiration(*first->original_expiration)) {
    return first->original_expiration;
  }
  const auto& property = letter.delivery.message.properties.expiration;
  return property && IsExpiration(*property) ? property : std::nullopt;
}

}  // namespace

bool IsTakenAway(std::string_view name) {
  return name.starts_with("x-first-death-") || name.starts_with("x-last-death-") ||
         std::ranges::find(kTakenAway, name) != kTakenAway.end();
}

std::optional<ReplayId> ReplayIdOf(const FieldTable& headers) {
  const std::string* const text = AsString(headers.Find(kReplayIdHeader));
  const auto uuid = text == nullptr ? std::nullopt : ParseUuid(*text);
  return uuid ? std::optional(ReplayId(*uuid)) : std::nullopt;
}

Message MakeReplayMessage(const Letter& letter, ReplayId replay_id, int retry_attempt) {
  const std::string replay = FormatUuid(replay_id.value());
  Message message;
  message.properties = letter.delivery.message.properties;
  message.properties.user_id.reset();  // the broker refuses any but the connection's own
  message.properties.expiration = ExpirationOf(letter);
  const bool fits = letter.message_id && letter.message_id->size() <= kMaxShortString;
  message.properties.message_id = fits ? *letter.message_id : replay;

  message.headers = KeptHeaders(letter.delivery.message.headers);
  auto& headers = message.headers.entries;
  headers.push_back({std::string(kLetterIdHeader), {FormatUuid(letter.id.value())}});
  headers.push_back({std::string(kReplayIdHeader), {replay}});
  if (retry_attempt > 0)
    headers.push_back({std::string(kRetryAttemptHeader), {std::int64_t{retry_attempt}}});
  return message;
}

int RetryAttemptsMade(const Letter& letter) {
  const auto made =
      AsInteger(letter.delivery.message.headers.Find(kRetryAttemptHeader)).value_or(0);
  return static_cast<int>(std::clamp<std::int64_t>(made, 0, std::numeric_limits<int>::max()));
}

Address OriginOf(const Letter& letter) {
  const Death* const first = FirstDeath(letter.history);
  if (first != nullptr && !first->routing_keys.empty()) {
    const Address address{first->exchange, first->routing_keys.front()};
    if (IsAddress(address)) return address;
  }
  const Address newest{letter.exchange, letter.routing_key};
  if (IsAddress(newest)) return newest;
  return {letter.delivery.exchange, letter.delivery.routing_key};
}

bool IsOriginKnown(const DeathHistory& history) {
  return !history.deaths.empty();
}

}  // namespace deadletter
