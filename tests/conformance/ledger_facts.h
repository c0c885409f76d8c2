// What is in a ledger and in the platform's table, read past the product's own code.
#pragma once

#include <openssl/sha.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "letter/field_json.h"
#include "letter/retry_message.h"

namespace deadletter::test {

// What the message of a retry says of itself, wherever it is met: in the outbox, in a queue, or
// dead again.
struct RetryFact {
  std::string letter_id;  // whose message it is
  std::string replay_id;
  std::int64_t attempt = 0;
  std::string message_id;   // the property
  std::string kept_digest;  // KeptDigestOf
  std::string body_digest{};
};

struct LetterFact {
  std::string id;  // as a UUID is written
  std::string state;
  std::string outcome;
  std::string detail;
  std::optional<std::string> execution_id;
  bool possible_duplicate = false;
  std::string body_digest;  // SHA-256 of its bytes, in hex
  std::string reason{};
  std::string queue{};
  std::string form_digest{};         // of its properties and headers: FormDigestOf
  std::optional<RetryFact> retry{};  // the retry whose message it is
};

// What a letter was before it became what it is; of the outcomes that are settled again.
struct StepFact {
  std::string letter_id;
  std::string outcome;
};

struct KeyFact {
  std::string key;  // in hex
  std::string letter_id;
};

struct OutboxFact {
  std::string kind;
  std::optional<std::string> execution_id;
  std::string detail;
  std::string letter_id{};
  std::optional<RetryFact> retry{};  // of kind retry; its body is the letter's own
};

struct RowFact {
  std::string id;
  std::string status;
  std::optional<std::string> result_json;
};

// A letter in a replay, as the ledger has it.
struct ReplayFact {
  std::string replay_id;  // as UUIDs are written: their order is the order of making
  std::string letter_id;
  std::string step;
  std::string outcome;         // how it ended, or in_doubt; empty: neither
  bool was_claimed = false;    // ever
  bool moved_its_row = false;  // the claim that holds, or held
  bool was_confirmed = false;
};

// That in SQL, of a `part` of a replay. Where no queue took its message, what the claim had moved
// was given back, and the ledger notes no longer that it was; it was, of a letter that had failed
// its execution.
inline std::string MovedItsRow(const std::string& letters) {
  return "(moved_from IS NOT NULL OR (claimed_at IS NOT NULL AND outcome = 'unroutable' AND EXISTS "
         "(SELECT 1 FROM " +
         letters + " WHERE " + letters + ".id = part.letter_id AND " + letters +
         ".outcome = 'failed')))";
}

// What is counted behind settle, as of one moment.
struct CountedFacts {
  std::int64_t letters = 0;  // in the ledger, as it keeps count itself
  std::int64_t counted = 0;
  bool is_recounting = false;
  // Sums:
  std::int64_t in_groups = 0;
  std::int64_t by_reason = 0;     // } of all hours
  std::int64_t by_queue = 0;      // }
  std::int64_t by_outcome = 0;    // }
  std::int64_t wrong_groups = 0;  // those that have another number than there are letters of them
};

struct LedgerFacts {
  std::vector<LetterFact> letters;
  std::vector<KeyFact> keys;
  std::vector<OutboxFact> outbox;
  std::vector<StepFact> steps;
  std::vector<RowFact> rows;
  std::vector<ReplayFact> replays{};  // by replay
  std::optional<CountedFacts> counts{};
};

struct FactCounts {
  std::size_t letters = 0;
  std::size_t waiting = 0;  // of them, to be settled again
  std::size_t outbox = 0;
};

inline std::string ToHexText(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (const char byte : bytes) {
    text += kDigits[static_cast<unsigned char>(byte) >> 4];
    text += kDigits[static_cast<unsigned char>(byte) & 15];
  }
  return text;
}

inline std::string DigestOf(std::string_view bytes) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  return ToHexText({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

// What a broker adds to a message by delivering it again is none of the message's.
inline constexpr std::string_view kDeliveryCountHeader = "x-delivery-count";

// Of properties and headers in the ledger's form.
inline std::string FormDigestOf(const std::string& properties_json, FieldTable headers) {
  std::erase_if(headers.entries,
                [](const FieldEntry& entry) { return entry.name == kDeliveryCountHeader; });
  return DigestOf(properties_json + FieldTableToJson(headers));
}

inline std::string FormDigestOf(const Message& message) {
  return FormDigestOf(PropertiesToJson(message.properties), message.headers);
}

// As they are stored; what cannot be read is nobody's form.
inline std::string FormDigestOf(const std::string& properties_json,
                                const std::string& headers_json) {
  if (headers_json.find(kDeliveryCountHeader) == std::string::npos) {
    return DigestOf(properties_json + headers_json);
  }
  auto headers = FieldTableFromJson(headers_json);
  return headers ? FormDigestOf(properties_json, std::move(*headers)) : headers.error().message;
}

// Of what must still be there when the message is sent again and dies again: all that neither
// brokers nor a retry put in or take away.
inline std::string KeptDigestOf(Properties properties, const FieldTable& headers) {
  properties.message_id.reset();
  properties.expiration.reset();
  FieldTable kept;
  for (const FieldEntry& entry : headers.entries) {
    const bool is_brokers = entry.name == "x-death" || entry.name == kDeliveryCountHeader ||
                            entry.name.starts_with("x-first-death-") ||
                            entry.name.starts_with("x-last-death-");
    if (!is_brokers && !entry.name.starts_with("deadletter-")) kept.entries.push_back(entry);
  }
  return DigestOf(PropertiesToJson(properties) + FieldTableToJson(kept));
}

// Nothing where it is no retry's message.
inline std::optional<RetryFact> RetryFactOf(const Properties& properties,
                                            const FieldTable& headers) {
  const std::string* const replay = AsString(headers.Find(kReplayIdHeader));
  if (replay == nullptr) return std::nullopt;
  const std::string* const letter = AsString(headers.Find(kLetterIdHeader));
  return RetryFact{.letter_id = letter == nullptr ? "" : *letter,
                   .replay_id = *replay,
                   .attempt = AsInteger(headers.Find(kRetryAttemptHeader)).value_or(0),
                   .message_id = properties.message_id.value_or(""),
                   .kept_digest = KeptDigestOf(properties, headers)};
}

inline std::optional<RetryFact> RetryFactOf(const Message& message) {
  auto fact = RetryFactOf(message.properties, message.headers);
  if (fact) fact->body_digest = DigestOf(message.body);
  return fact;
}

// As they are stored.
inline std::optional<RetryFact> RetryFactOf(const std::string& properties_json,
                                            const std::string& headers_json) {
  if (headers_json.find(kReplayIdHeader) == std::string::npos) return std::nullopt;
  const auto properties = PropertiesFromJson(properties_json);
  const auto headers = FieldTableFromJson(headers_json);
  if (!properties || !headers) return std::nullopt;
  return RetryFactOf(*properties, *headers);
}

}  // namespace deadletter::test
