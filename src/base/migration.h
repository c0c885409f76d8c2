// One step of a database's schema, as cmake/EmbedSql.cmake makes them from the .sql files.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

namespace deadletter {

struct Migration {
  int version = 0;  // 1, 2, 3, … without gaps
  std::string_view name;
  std::string_view sql;

  // What people are told has run: "001_ledger", as the file is called.
  [[nodiscard]] std::string FileName() const {
    char number[16];
    std::snprintf(number, sizeof number, "%03d_", version);
    return number + std::string(name);
  }
};

}  // namespace deadletter
