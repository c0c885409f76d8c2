#include "bench/plans.h"

#include <fstream>
#include <sstream>

#include "tests/support/platform_connection.h"

namespace deadletter::bench {
namespace {

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream all;
  all << file.rdbuf();
  return all.str();
}

}  // namespace

PlanLog::PlanLog(Servers& servers, const std::string& database_url) : path_(servers.PostgresLog()) {
  test::PlatformConnection database(database_url);
  for (const char* setting :
       {"session_preload_libraries = 'auto_explain'", "auto_explain.log_min_duration = 0",
        "auto_explain.log_analyze = on", "auto_explain.log_buffers = on"}) {
    database.Run(std::string("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET ") + "%s', " +
                 "current_database(), $s$" + setting + "$s$); END $$");
  }
  read_ = ReadAll(path_).size();
}

// An entry is "… LOG:  duration: 1.234 ms  plan:" and lines that begin with a tab: the statement's
// text, then the plan, whose first line is the first that has a cost.
std::string PlanLog::Longest() {
  const std::string all = ReadAll(path_);
  std::istringstream lines(all.substr(read_));
  read_ = all.size();
  double longest = -1;
  std::string plan;
  bool is_longest = false;
  bool is_plan = false;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with('\t')) {
      const std::size_t at = line.find("duration: ");
      is_plan = false;
      is_longest = at != std::string::npos && line.find("plan:") != std::string::npos &&
                   std::stod(line.substr(at + 10)) > longest;
      if (!is_longest) continue;
      longest = std::stod(line.substr(at + 10));
      plan.clear();
    } else if (is_longest) {
      is_plan = is_plan || line.find("(cost=") != std::string::npos;
      if (is_plan) plan += line.substr(1) + "\n";
    }
  }
  return plan;
}

}  // namespace deadletter::bench
