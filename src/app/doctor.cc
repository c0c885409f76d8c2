#include <fmt/format.h>

#include <array>
#include <future>
#include <iostream>

#include "app/commands.h"
#include "app/doctor_config.h"
#include "app/json_text.h"
#include "app/wiring.h"
#include "cli/table.h"

namespace deadletter {
namespace {

const char* PaintOf(DiagnosisLevel level) {
  switch (level) {
    case DiagnosisLevel::kOk:
      return "";
    case DiagnosisLevel::kWarning:
    case DiagnosisLevel::kUnknown:
      return cli::kYellow;
    case DiagnosisLevel::kWrong:
      return cli::kRed;
  }
  return "";
}

// How many of each, and the worst that is to be told.
class Report {
 public:
  explicit Report(cli::OutputFormat output) : output_(output), terminal_(cli::StandardTerminal()) {}

  // Each part as soon as it is known: what takes long is what is broken.
  void Print(const std::vector<Diagnosis>& diagnoses) {
    for (const Diagnosis& one : diagnoses) {
      ++counts_.at(static_cast<std::size_t>(one.level));
      terminal_.out << (output_ == cli::OutputFormat::kJson ? AsJson(one) : AsText(one));
    }
    terminal_.out.flush();
  }

  int Sum() {
    if (output_ == cli::OutputFormat::kTable) {
      terminal_.out << fmt::format("{} ok, {} warnings, {} wrong, {} unknown\n",
                                   Count(DiagnosisLevel::kOk), Count(DiagnosisLevel::kWarning),
                                   Count(DiagnosisLevel::kWrong), Count(DiagnosisLevel::kUnknown));
    }
    return Count(DiagnosisLevel::kWrong) > 0 ? cli::kExitFinding : cli::kExitDone;
  }

 private:
  [[nodiscard]] std::size_t Count(DiagnosisLevel level) const {
    return counts_.at(static_cast<std::size_t>(level));
  }

  static std::string AsJson(const Diagnosis& one) {
    return fmt::format("{{\"level\":{},\"check\":{},\"seen\":{},\"advice\":{}}}\n",
                       JsonText(DiagnosisLevelName(one.level)), JsonText(one.check),
                       JsonText(one.seen), one.advice.empty() ? "null" : JsonText(one.advice));
  }

  std::string AsText(const Diagnosis& one) const {
    const bool painted = terminal_.colour && *PaintOf(one.level) != '\0';
    auto line = fmt::format("{}{:<8}{} {}: {}", painted ? PaintOf(one.level) : "",
                            DiagnosisLevelName(one.level), painted ? cli::kPlain : "",
                            cli::SafeText(one.check), cli::SafeText(one.seen));
    if (!one.advice.empty()) line += " -> " + cli::SafeText(one.advice);
    return line + "\n";
  }

  const cli::OutputFormat output_;
  const cli::Terminal terminal_;
  std::array<std::size_t, 4> counts_{};
};

}  // namespace

int RunDoctor(const Config& config, cli::OutputFormat output) {
  const SystemClock clock;
  auto broker =
      std::async(std::launch::async, [&] { return Wiring::ExamineBroker(config, clock); });
  auto ledger =
      std::async(std::launch::async, [&] { return Wiring::ExamineLedger(config, clock); });
  Report report(output);
  report.Print(JudgeConfiguration(config, LookAtMachine(config, clock)));
  report.Print(broker.get());
  report.Print(ledger.get());
  return report.Sum();
}

}  // namespace deadletter
