#include "letter/field.h"

#include <algorithm>
#include <concepts>
#include <limits>
#include <type_traits>

namespace deadletter {

const FieldValue* FieldTable::Find(std::string_view name) const {
  const auto found = std::find_if(entries.rbegin(), entries.rend(),
                                  [&](const FieldEntry& entry) { return entry.name == name; });
  return found == entries.rend() ? nullptr : &found->value;
}

const std::string* AsString(const FieldValue* value) {
  return value == nullptr ? nullptr : std::get_if<std::string>(&value->value);
}

std::optional<std::int64_t> AsInteger(const FieldValue* value) {
  if (value == nullptr) return std::nullopt;
  return std::visit(
      []<class T>(const T& held) -> std::optional<std::int64_t> {
        if constexpr (std::is_same_v<T, std::uint64_t>) {
          constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
          return static_cast<std::int64_t>(std::min(held, kMost));
        } else if constexpr (std::integral<T> && !std::is_same_v<T, bool>) {
          return held;
        } else {
          return std::nullopt;
        }
      },
      value->value);
}

}  // namespace deadletter
