#include "ledger/embedded_sql.h"

#include <algorithm>
#include <stdexcept>

namespace deadletter {

std::string FillIn(std::string_view sql,
                   std::initializer_list<std::pair<std::string_view, std::string_view>> values) {
  std::string filled;
  filled.reserve(sql.size());
  while (true) {
    const auto open = sql.find("{{");
    filled += sql.substr(0, open);
    if (open == std::string_view::npos) return filled;
    const auto close = sql.find("}}", open);
    if (close == std::string_view::npos) throw std::logic_error("SQL: {{ without }}");
    const auto name = sql.substr(open + 2, close - open - 2);
    const auto value =
        std::ranges::find(values, name, &std::pair<std::string_view, std::string_view>::first);
    if (value == values.end()) throw std::logic_error("SQL: no value for " + std::string(name));
    filled += value->second;
    sql.remove_prefix(close + 2);
  }
}

}  // namespace deadletter
