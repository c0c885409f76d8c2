// One step of a database's schema, as cmake/EmbedSql.cmake makes them from the .sql files.
#pragma once

#include <string_view>

namespace deadletter {

struct Migration {
  int version = 0;  // 1, 2, 3, … without gaps
  std::string_view name;
  std::string_view sql;
};

}  // namespace deadletter
