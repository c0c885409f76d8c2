// What the broker tells of a message's deaths.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "letter/field.h"

namespace deadletter {

enum class Reason { kExpired, kRejected, kMaxlen, kDeliveryLimit, kUnknown };
inline constexpr std::array kEveryReason = {Reason::kExpired, Reason::kRejected, Reason::kMaxlen,
                                            Reason::kDeliveryLimit, Reason::kUnknown};

[[nodiscard]] std::string_view ReasonName(Reason reason);  // "expired", …, as in the API
[[nodiscard]] std::optional<Reason> ReasonFromName(std::string_view name);

// One entry of `x-death`. RabbitMQ keeps one a pair of queue and reason, newest first.
struct Death {
  Reason reason = Reason::kUnknown;
  std::string reason_text;  // as written, for reasons that we do not know
  std::string queue;
  std::string exchange;
  std::vector<std::string> routing_keys;
  std::int64_t count = 0;  // of deaths in this queue for this reason; at least 0
  // The first death of that pair of queue and reason, in whole seconds; the later ones leave no
  // time.
  std::optional<std::int64_t> time_seconds;
  std::optional<std::string> original_expiration;  // where a per-message TTL was removed
};

struct DeathHistory {
  std::vector<Death> deaths;  // newest first, at most kMaxDeathsRead
  std::int64_t total = 0;     // deaths in all: the sum of the counts, cut at the largest number
  // What `x-first-death-*` says, else the last entry; restarts when somebody publishes the message
  // again.
  std::optional<std::string> first_queue;
  std::optional<std::string> first_reason;
  std::optional<std::string> first_exchange;
};

inline constexpr std::size_t kMaxDeathsRead = 10'000;

// Total: any headers in, a history out. Entries of a wrong type are passed over, fields of a wrong
// type are as if they were not there.
[[nodiscard]] DeathHistory ReadDeathHistory(const FieldTable& headers);

// Where the message died first: the entry that `x-first-death-*` names, else the last one; null
// where there is none. Valid while the history is.
[[nodiscard]] const Death* FirstDeath(const DeathHistory& history);

// A broker's time as an instant; nothing outside of the years 1970 to 9999, where only forgers are.
[[nodiscard]] std::optional<Instant> PlausibleInstant(std::int64_t seconds);

}  // namespace deadletter
