// Results of rows as the account reads them.
#pragma once

#include <optional>
#include <string>

namespace deadletter::test {

// The letter that a failed row says it was failed by; empty where it says none.
[[nodiscard]] std::string LetterNamedBy(const std::optional<std::string>& result_json);

// However it is written: a jsonb column has its own way.
[[nodiscard]] bool IsSameJson(const std::optional<std::string>& left,
                              const std::optional<std::string>& right);

}  // namespace deadletter::test
