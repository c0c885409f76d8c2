#include <cstdio>
#include <optional>
#include <thread>

#include "app/bench_measure.h"
#include "app/commands.h"
#include "app/signals.h"

namespace deadletter {
namespace {

// Log lines tell how a service fares; here they would stand between what was measured.
void LogOnlyTrouble(const Config& config) {
  SetUpLog(config.log.format.value_or(LogFormat::kText),
           std::max(config.log.level, LogLevel::kWarning));
}

// Everything on a thread of its own, while the first one waits for signals.
Result<BenchReport> RunBenchOn(const Config& config, const BenchSizes& sizes,
                               const std::stop_token& stop) {
  const SystemClock clock;
  const auto scene = BenchScene::Make(config, clock);
  if (!scene) return Unexpected<Error>(scene.error());
  for (const std::string& line : (*scene)->found()) Complain(cli::kExitDone, "bench: " + line);
  BenchProgress progress;
  auto report = MeasureAll(**scene, sizes, clock, stop, progress);
  progress.Clear();
  if (const auto removed = (*scene)->Remove(); !removed) {
    return Fail((report ? "" : report.error().message + "; and ") + removed.error().message);
  }
  return report;
}

}  // namespace

int RunBench(const Config& config, const cli::BenchCommand& command,
             const cli::CommandLine& command_line) {
  if (!MayUseDefaults(config, command_line))
    return Complain(cli::kExitUsage, NoConfiguration("bench"));
  LogOnlyTrouble(config);
  BlockStopSignals();
  const BenchSizes sizes{
      .letters = command.letters, .runs = command.runs, .body_bytes = command.body_bytes};
  std::optional<Result<BenchReport>> report;  // written before StopOurselves(), read after the stop
  std::jthread worker([&](const std::stop_token& stop) {
    report = RunBenchOn(config, sizes, stop);
    // Who was told to stop already would take this for a second signal.
    if (!stop.stop_requested()) StopOurselves();
  });
  StopOnSignal(
      [&worker] {
        worker.request_stop();
        worker.join();
      },
      std::chrono::milliseconds(100), cli::kExitFailed);
  if (!*report) return Complain(cli::kExitFailed, "bench: " + report->error().message);
  const std::string text =
      command_line.output == cli::OutputFormat::kJson ? BenchJson(**report) : BenchTable(**report);
  std::fputs(text.c_str(), stdout);
  return cli::kExitDone;
}

}  // namespace deadletter
