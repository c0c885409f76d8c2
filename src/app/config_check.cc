#include <cstdio>

#include "app/commands.h"
#include "app/json_text.h"

namespace deadletter {
namespace {

void PrintJson(const Config& config) {
  std::string warnings;
  for (const std::string& warning : config.warnings) {
    warnings += (warnings.empty() ? "" : ",") + JsonText(warning);
  }
  std::string origins;
  for (const auto& [key, origin] : config.origins) {
    origins += (origins.empty() ? "" : ",") + JsonText(key) + ":" + JsonText(origin);
  }
  std::printf("{\"pair\":%s,\"file\":%s,\"warnings\":[%s],\"config\":%s,\"origins\":{%s}}\n",
              JsonText(PairName(config.pair)).c_str(),
              config.file ? JsonText(*config.file).c_str() : "null", warnings.c_str(),
              cli::SafeJson(DescribeConfigAsJson(config)).c_str(), origins.c_str());
}

}  // namespace

// Loading has checked everything already: what is left is to show it.
int RunConfigCheck(const Config& config, cli::OutputFormat output) {
  if (output == cli::OutputFormat::kJson) {
    PrintJson(config);
    return cli::kExitDone;
  }
  for (const std::string& warning : config.warnings) Complain(0, "warning: " + warning);
  std::fputs(DescribeConfig(config).c_str(), stdout);
  return cli::kExitDone;
}

}  // namespace deadletter
