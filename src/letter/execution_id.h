// The name of the row that a letter's message was about.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "base/uuid.h"

namespace deadletter {

enum class ExecutionIdType { kInteger, kUuid, kText };  // `executions.id_type`

class ExecutionId {
 public:
  explicit ExecutionId(std::int64_t number) : value_(number) {}
  explicit ExecutionId(Uuid uuid) : value_(uuid) {}
  explicit ExecutionId(std::string text) : value_(std::move(text)) {}  // UTF-8, NUL possible

  [[nodiscard]] ExecutionIdType type() const {
    return static_cast<ExecutionIdType>(value_.index());
  }
  [[nodiscard]] std::int64_t number() const { return std::get<std::int64_t>(value_); }
  [[nodiscard]] const Uuid& uuid() const { return std::get<Uuid>(value_); }
  [[nodiscard]] const std::string& text() const { return std::get<std::string>(value_); }

  [[nodiscard]] std::string ToString() const;  // "5", "2b1f…", the text itself
  [[nodiscard]] std::string ToJson() const;    // in its own JSON type: 5, "2b1f…", "text"

  friend auto operator<=>(const ExecutionId&, const ExecutionId&) = default;

 private:
  std::variant<std::int64_t, Uuid, std::string> value_;
};

// Reads what a person or a path wrote; nothing where it is not of that type.
[[nodiscard]] std::optional<ExecutionId> ParseExecutionId(ExecutionIdType type,
                                                          std::string_view text);

}  // namespace deadletter
