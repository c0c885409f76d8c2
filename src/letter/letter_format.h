// Where a platform's messages keep what we read (configuration section [letter]).
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "letter/execution_id.h"

namespace deadletter {

// RFC 6901, taken apart: reference tokens, unescaped. "" is the whole document.
struct JsonPointer {
  std::vector<std::string> tokens;

  [[nodiscard]] static Result<JsonPointer> Parse(std::string_view text);
  friend bool operator==(const JsonPointer&, const JsonPointer&) = default;
};

struct HeaderPlace {
  std::string name;
  friend bool operator==(const HeaderPlace&, const HeaderPlace&) = default;
};
struct PropertyPlace {
  std::string
      name;  // one of the names of AMQP 0-9-1's properties, with underscores: message_id, type, …
  friend bool operator==(const PropertyPlace&, const PropertyPlace&) = default;
};
struct NoPlace {  // configured as ""
  friend bool operator==(const NoPlace&, const NoPlace&) = default;
};

// "/payload/execution_id", "header:NAME", "property:NAME" or "".
struct FieldPlace {
  std::variant<NoPlace, JsonPointer, HeaderPlace, PropertyPlace> place;

  // The error says what is wrong with `text` and what is allowed.
  [[nodiscard]] static Result<FieldPlace> Parse(std::string_view text);
  [[nodiscard]] bool IsNone() const { return std::holds_alternative<NoPlace>(place); }
  friend bool operator==(const FieldPlace&, const FieldPlace&) = default;
};

struct LetterFormat {
  FieldPlace type;  // none: every letter is an execution request
  std::set<std::string> execution_types;
  FieldPlace execution_id;
  FieldPlace worker_id;
  FieldPlace attempt;
  FieldPlace action;
  FieldPlace message_id;
  FieldPlace correlation_id;
  ExecutionIdType id_type = ExecutionIdType::kInteger;
  bool check_attempt = true;  // false where the platform's table has no `updated` column
  std::size_t max_body_bytes = std::size_t{16} << 20;

  // What the first platform sends: /message_type, ExecutionRequested, /payload/execution_id,
  // /payload/worker_id, /payload/scheduled_attempt_updated_at, /payload/action_ref, /message_id,
  // /correlation_id.
  [[nodiscard]] static LetterFormat Default();
};

}  // namespace deadletter
