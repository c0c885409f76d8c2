// What the lists have in common: names with values, a limit, a cursor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/uuid.h"
#include "letter/death.h"
#include "operations/cursor.h"
#include "operations/parameter.h"

namespace deadletter {

inline constexpr std::size_t kDefaultListLimit = 100;
inline constexpr std::size_t kMaxListLimit = 1000;

using Problem = std::optional<std::string>;  // one line that says what is
                                             // allowed; nothing: all well

// Text of a request on one line, in quotes, whatever it holds.
[[nodiscard]] std::string Quoted(std::string_view text);

// "open, waiting or closed"
[[nodiscard]] std::string Choice(std::span<const std::string_view> words);

[[nodiscard]] Problem ReadReason(std::string_view value, std::optional<Reason>& reason);

[[nodiscard]] Problem ReadTime(std::string_view name, std::string_view value,
                               std::optional<Instant>& instant);

struct Query {
  std::map<std::string, std::string, std::less<>> filters;  // each once; neither limit nor cursor
  FilterDigest digest{};                                    // of the filters and of what is listed
  std::size_t limit = kDefaultListLimit;
  std::optional<Uuid> after;         // from the cursor
  std::optional<std::int64_t> rank;  // the same, of a list that is ordered by something else
};

// `names` are those that there are, limit and cursor among them. `subject` says what is listed, so
// that the cursor of another list is refused.
[[nodiscard]] Problem ReadQuery(std::span<const Parameter> given,
                                std::span<const std::string_view> names, std::string_view subject,
                                Query& query);

}  // namespace deadletter
