#include <unistd.h>

#include "app/commands.h"
#include "app/runtime.h"
#include "app/signals.h"
#include "operations/tokens.h"

namespace deadletter {

bool MayUseDefaults(const Config& config, const cli::CommandLine& command_line) {
  return isatty(STDIN_FILENO) != 0 || command_line.config.embedded || config.file.has_value() ||
         config.IsSet("broker.url") || config.IsSet("ledger.url");
}

std::string NoConfiguration(const std::string& command) {
  return command +
         ": no configuration file and no URL: pass --config FILE, set DEADLETTER_BROKER_URL and "
         "DEADLETTER_LEDGER_URL, or pass --embedded to use files in this folder";
}

int RunServe(const Config& config, const cli::CommandLine& command_line) {
  if (!MayUseDefaults(config, command_line)) {
    return Complain(cli::kExitUsage, NoConfiguration("serve"));
  }
  BlockStopSignals();
  const SystemClock clock;
  std::unique_ptr<Tokens> tokens;
  if (config.tokens_file) {
    auto opened = Tokens::Open(*config.tokens_file, clock);
    if (!opened) {
      return Complain(cli::kExitUsage, "serve: auth.tokens_file: " + opened.error().message +
                                           "; `deadletter token new` makes tokens");
    }
    tokens = std::move(*opened);
  }
  const auto wiring = Wiring::OpenToStay(config, clock);
  if (!wiring) return Complain(cli::kExitFailed, "serve: " + wiring.error().message);
  std::string refusal;  // written before StopOurselves(), read after the stop
  Runtime runtime(config, **wiring, clock, std::move(tokens), [&refusal](const std::string& why) {
    refusal = why;
    StopOurselves();
  });
  if (const auto started = runtime.Start(); !started) {
    return Complain(cli::kExitFailed, "serve: " + started.error().message);
  }
  StopOnSignal([&runtime] { runtime.Stop(); });
  if (!refusal.empty()) return Complain(cli::kExitFailed, "serve: " + refusal);
  return cli::kExitDone;
}

}  // namespace deadletter
