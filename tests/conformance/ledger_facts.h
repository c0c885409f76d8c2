// What is in a ledger and in the platform's table, read past the product's own code.
#pragma once

#include <openssl/sha.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "letter/field_json.h"

namespace deadletter::test {

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
  std::string form_digest{};  // of its properties and headers: FormDigestOf
};

struct KeyFact {
  std::string key;  // in hex
  std::string letter_id;
};

struct OutboxFact {
  std::string kind;
  std::optional<std::string> execution_id;
  std::string detail;
};

struct RowFact {
  std::string id;
  std::string status;
  std::optional<std::string> result_json;
};

struct LedgerFacts {
  std::vector<LetterFact> letters;
  std::vector<KeyFact> keys;
  std::vector<OutboxFact> outbox;
  std::vector<RowFact> rows;
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

}  // namespace deadletter::test
