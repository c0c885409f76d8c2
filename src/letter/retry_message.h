// A letter's message made ready to be sent again.
#pragma once

#include <optional>
#include <string_view>

#include "letter/letter.h"
#include "letter/message.h"

namespace deadletter {

// Headers of ours; none begins with "x-", which brokers keep for themselves.
inline constexpr std::string_view kLetterIdHeader = "deadletter-letter-id";
inline constexpr std::string_view kReplayIdHeader = "deadletter-replay-id";
inline constexpr std::string_view kRetryAttemptHeader = "deadletter-retry-attempt";

// Whether a message that is sent again goes without such a header of the letter: what the broker
// would believe or refuse, and our own.
[[nodiscard]] bool IsTakenAway(std::string_view name);

// The replay whose message has these headers; nothing where they name none.
[[nodiscard]] std::optional<ReplayId> ReplayIdOf(const FieldTable& headers);

// Properties and headers of the letter, its body left empty (the ledger has it). Taken away: what
// the broker would believe or refuse (x-death, x-first-death-*, x-last-death-*, x-delivery-count,
// x-acquired-count, CC, BCC, user_id). Restored: the per-message TTL that its first death took from
// it. Added, or replaced: our headers. `message_id` is the letter's, else the replay's, also where
// the letter's does not fit into the property's 255 bytes. `retry_attempt` 0: no rule sends it, a
// person does, and rules may retry it as often as ever.
[[nodiscard]] Message MakeReplayMessage(const Letter& letter, ReplayId replay_id,
                                        int retry_attempt);

// How often a rule has sent the letter's message again already, as its header says; 0 where it says
// nothing or nonsense.
[[nodiscard]] int RetryAttemptsMade(const Letter& letter);

// Where the message was first published to, as far as anything tells: the first death's exchange
// and first routing key, else where it was addressed when it died.
[[nodiscard]] Address OriginOf(const Letter& letter);

// False: it has died nowhere, as far as its headers tell, and was published straight to the dead
// letter exchange. That is then its origin, and whence it came to us: sent there, it would come
// back at once.
[[nodiscard]] bool IsOriginKnown(const DeathHistory& history);
inline constexpr std::string_view kOriginUnknown =
    "it has not died in any queue, so that nothing tells where it belongs: redirect it to an "
    "exchange and a routing key (--redirect-exchange, --redirect-routing-key)";

}  // namespace deadletter
