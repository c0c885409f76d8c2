#include "letter/execution_id.h"

#include <charconv>

#include "base/text.h"

namespace deadletter {
namespace {

std::optional<ExecutionId> ParseInteger(std::string_view text) {
  const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  if (digits.size() > 1 && digits.front() == '0') return std::nullopt;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return ExecutionId(number);
}

}  // namespace

std::string ExecutionId::ToString() const {
  switch (type()) {
    case ExecutionIdType::kInteger:
      return std::to_string(number());
    case ExecutionIdType::kUuid:
      return FormatUuid(uuid());
    case ExecutionIdType::kText:
      return text();
  }
  return {};
}

std::string ExecutionId::ToJson() const {
  return type() == ExecutionIdType::kInteger ? ToString() : JsonString(ToString());
}

std::optional<ExecutionId> ParseExecutionId(ExecutionIdType type, std::string_view text) {
  switch (type) {
    case ExecutionIdType::kInteger:
      return ParseInteger(text);
    case ExecutionIdType::kUuid:
      if (const auto uuid = ParseUuid(text)) return ExecutionId(*uuid);
      return std::nullopt;
    case ExecutionIdType::kText:
      if (IsUtf8(text)) return ExecutionId(std::string(text));
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace deadletter
