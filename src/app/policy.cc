#include <fmt/format.h>

#include <cstdio>

#include "app/commands.h"
#include "app/json_text.h"
#include "app/rule_trial.h"
#include "app/wiring.h"
#include "base/text.h"
#include "cli/pages.h"
#include "cli/table.h"
#include "cli/terminal.h"
#include "operations/list_letters.h"

namespace deadletter {
namespace {

// "failed 12, retried 3"
std::string Recorded(const TriedRule& tried) {
  std::string text;
  for (const auto& [outcome, letters] : tried.recorded)
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", OutcomeName(outcome), letters);
  return text;
}

std::string RecordedJson(const TriedRule& tried) {
  std::string text;
  for (const auto& [outcome, letters] : tried.recorded)
    text +=
        fmt::format("{}{}:{}", text.empty() ? "" : ",", JsonText(OutcomeName(outcome)), letters);
  return "{" + text + "}";
}

void PrintTrialJson(const RuleTrial& trial) {
  for (const TriedRule& tried : trial.rules) {
    std::printf("{\"rule\":%s,\"verdict\":%s,\"letters\":%lld,\"recorded\":%s,\"sample\":%s}\n",
                tried.rule.empty() ? "null" : JsonText(tried.rule).c_str(),
                JsonText(VerdictName(tried.verdict)).c_str(), static_cast<long long>(tried.letters),
                RecordedJson(tried).c_str(),
                tried.letters == 0 ? "null" : JsonText(FormatUuid(tried.sample.value())).c_str());
  }
}

void PrintTrialTable(const RuleTrial& trial) {
  const cli::Terminal terminal = cli::StandardTerminal();
  std::vector<cli::Row> rows;
  for (const TriedRule& tried : trial.rules) {
    rows.push_back({{tried.rule.empty() ? "(no rule)" : cli::SafeText(tried.rule)},
                    {std::string(VerdictName(tried.verdict))},
                    {std::to_string(tried.letters)},
                    {Recorded(tried)},
                    {tried.letters == 0 ? "" : FormatUuid(tried.sample.value())}});
  }
  const cli::Table table({{.title = "RULE", .least = 12},
                          {.title = "VERDICT", .least = 7},
                          {.title = "LETTERS", .least = 7},
                          {.title = "RECORDED AS", .least = 12},
                          {.title = "SAMPLE", .least = 36, .dispensable = 1}},
                         rows, terminal.columns, terminal.colour);
  std::string text = table.Header();
  for (const cli::Row& row : rows) text += table.Line(row);
  text += fmt::format("{} letters looked at", trial.letters);
  if (trial.apart > 0) text += fmt::format(", to {} of them no rule applies", trial.apart);
  if (trial.unreadable > 0) text += fmt::format(", {} could not be read", trial.unreadable);
  text += trial.more ? "; there are older ones: --limit looks at as many as you ask for\n" : "\n";
  std::fputs(text.c_str(), stdout);
}

// Whoever reads the ledger itself may look for anything in it.
Result<LetterFilter> FilterOf(const Config& config, const cli::PolicyTestCommand& command,
                              Instant now) {
  std::vector<Parameter> parameters;
  for (const auto& [name, value] : command.filters) parameters.push_back({name, value});
  auto request = ParseListRequest(
      parameters, {.name = std::string(kLocalCaller), .role = Role::kAdmin}, RedactionOf(config));
  if (!request) return Fail(request.error().message);
  request->filter.since = now - command.since;
  return std::move(request->filter);
}

}  // namespace

int RunPolicyTest(const Config& config, const cli::PolicyTestCommand& command,
                  cli::OutputFormat output) {
  const SystemClock clock;
  auto filter = FilterOf(config, command, clock.Now());
  if (!filter) return Complain(cli::kExitUsage, "policy test: " + filter.error().message);
  const auto wiring = Wiring::OpenToStay(config, clock);
  if (!wiring) return Complain(cli::kExitFailed, "policy test: " + wiring.error().message);
  const auto catalog = (*wiring)->MakeCatalog();
  const LetterReader reader(config.letter);
  const auto trial = TryRules(*catalog, reader, config.policies, *filter, command.limit);
  if (!trial) {
    return Complain(cli::kExitFailed,
                    "policy test: the ledger could not be read: " + trial.error().message);
  }
  output == cli::OutputFormat::kJson ? PrintTrialJson(*trial) : PrintTrialTable(*trial);
  cli::SayUnindexed(cli::StandardTerminal(), trial->unindexed);
  return cli::kExitDone;
}

}  // namespace deadletter
