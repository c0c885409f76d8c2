#include "letter/letter.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace deadletter {

std::string WithoutNumbers(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  bool in_number = false;
  for (const char c : text) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit) plain += c;
    if (digit && !in_number) plain += '#';
    in_number = digit;
  }
  return plain;
}

std::string ToHex(const GroupId& group) {
  const auto& bytes = group.value();
  return Hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

std::optional<GroupId> GroupIdFromHex(std::string_view text) {
  std::array<std::uint8_t, 16> group;
  const auto bytes = FromHex(text);
  if (!bytes || bytes->size() != group.size()) return std::nullopt;
  std::ranges::copy(*bytes, group.begin());
  return GroupId(group);
}

std::string_view MalformationName(Malformation malformation) {
  switch (malformation) {
    case Malformation::kNotJson:
      return "not_json";
    case Malformation::kNotObject:
      return "not_object";
    case Malformation::kNoMessageType:
      return "no_message_type";
    case Malformation::kBodyTooLarge:
      return "body_too_large";
    case Malformation::kExecutionIdMissing:
      return "execution_id_missing";
    case Malformation::kExecutionIdNotInteger:
      return "execution_id_not_integer";
    case Malformation::kExecutionIdNotUuid:
      return "execution_id_not_uuid";
    case Malformation::kExecutionIdNotText:
      return "execution_id_not_text";
    case Malformation::kExecutionIdOutOfRange:
      return "execution_id_out_of_range";
    case Malformation::kAttemptNotRfc3339:
      return "attempt_not_rfc3339";
  }
  std::unreachable();
}

}  // namespace deadletter
