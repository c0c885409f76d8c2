#include <cstdio>

#include "app/commands.h"
#include "app/json_text.h"
#include "app/wiring.h"

namespace deadletter {
namespace {

void PrintLine(cli::OutputFormat output, std::string_view kind, const std::string& subject,
               const std::string& message) {
  if (output == cli::OutputFormat::kJson) {
    std::printf("{\"kind\":%s,\"subject\":%s,\"message\":%s}\n", JsonText(kind).c_str(),
                JsonText(subject).c_str(), JsonText(message).c_str());
  } else if (subject.empty()) {
    std::printf("%-16s %s\n", std::string(kind).c_str(), cli::SafeText(message).c_str());
  } else {
    std::printf("%-16s %s: %s\n", std::string(kind).c_str(), cli::SafeText(subject).c_str(),
                cli::SafeText(message).c_str());
  }
}

int Check(const Config& config, const Clock& clock, cli::OutputFormat output) {
  const auto findings = Wiring::CheckTopology(config, clock);
  if (!findings) return Complain(cli::kExitFailed, "topology check: " + findings.error().message);
  for (const Finding& finding : *findings) {
    PrintLine(output, FindingKindName(finding.kind), finding.subject, finding.message);
  }
  if (!findings->empty()) return cli::kExitFinding;
  if (output == cli::OutputFormat::kTable)
    std::printf("everything is there, and no letter would be lost\n");
  return cli::kExitDone;
}

int Apply(const Config& config, const Clock& clock, cli::OutputFormat output) {
  const auto wiring = Wiring::Open(config, clock);
  if (!wiring) return Complain(cli::kExitFailed, "topology apply: " + wiring.error().message);
  const auto changes = (*wiring)->MakeTopology()->Apply(config.topology);
  if (!changes) return Complain(cli::kExitFailed, "topology apply: " + changes.error().message);
  bool conflict = false;
  for (const AppliedChange& change : *changes) {
    PrintLine(output, change.conflict ? "conflict" : "done", "", change.message);
    conflict = conflict || change.conflict;
  }
  if (conflict) return cli::kExitFinding;
  if (changes->empty() && output == cli::OutputFormat::kTable) std::printf("nothing to do\n");
  return cli::kExitDone;
}

}  // namespace

int RunTopology(const Config& config, const cli::TopologyCommand& command,
                cli::OutputFormat output) {
  const SystemClock clock;
  switch (command.action) {
    case cli::TopologyAction::kCheck:
      return Check(config, clock, output);
    case cli::TopologyAction::kApply:
      return Apply(config, clock, output);
  }
  return cli::kExitUsage;
}

}  // namespace deadletter
