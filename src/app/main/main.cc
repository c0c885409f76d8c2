// deadletter: reads the command line and the configuration, and runs one command.
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <iostream>
#include <type_traits>

#include "app/commands.h"
#include "cli/client_commands.h"
#include "cli/command_line.h"
#include "sqlite/database.h"

namespace deadletter {
namespace {

ConfigSources SourcesFrom(const cli::CommandLine& command_line) {
  ConfigSources sources;
  sources.config_path = command_line.config.config_file;
  if (std::holds_alternative<cli::DemoCommand>(command_line.command)) {
    // The demo makes executions and plays their workers: on servers only where its own command line
    // names them, never because of what happens to lie around.
    sources.working_dir.clear();
    sources.system_file.clear();
  } else {
    sources.environment = ReadEnvironment();
  }
  const auto flag = [&sources](const std::string& key, const std::string& name,
                               const std::optional<std::string>& text) {
    if (text) sources.flags[key] = {name, *text};
  };
  const cli::ConfigFlags& flags = command_line.config;
  if (flags.embedded) {
    flag("broker.url", "--embedded", "embedded:");
    flag("ledger.url", "--embedded", "sqlite:");
  }
  flag("broker.url", "--broker-url", flags.broker_url);
  flag("ledger.url", "--ledger-url", flags.ledger_url);
  flag("data_dir", "--data-dir", flags.data_dir);
  flag("http.listen", "--listen", flags.listen);
  return sources;
}

void SetUpLogFrom(const Config& config) {
  const LogFormat by_terminal = isatty(STDERR_FILENO) != 0 ? LogFormat::kText : LogFormat::kJson;
  SetUpLog(config.log.format.value_or(by_terminal), config.log.level);
}

// Those that need no configuration; nothing for the others.
std::optional<int> RunWithoutConfig(const cli::CommandLine& command_line) {
  const cli::Terminal terminal = cli::StandardTerminal();
  if (const auto* list = std::get_if<cli::ListCommand>(&command_line.command)) {
    return cli::RunList(*list, command_line.output, terminal);
  }
  if (const auto* explain = std::get_if<cli::ExplainCommand>(&command_line.command)) {
    return cli::RunExplain(*explain, command_line.output, terminal);
  }
  if (const auto* show = std::get_if<cli::ShowCommand>(&command_line.command)) {
    return cli::RunShow(*show, command_line.output, terminal);
  }
  if (const auto* note = std::get_if<cli::NoteCommand>(&command_line.command)) {
    return cli::RunNote(*note, command_line.output, terminal);
  }
  if (const auto* tag = std::get_if<cli::TagCommand>(&command_line.command)) {
    return cli::RunTag(*tag, command_line.output, terminal);
  }
  if (const auto* audit = std::get_if<cli::AuditCommand>(&command_line.command)) {
    return cli::RunAudit(*audit, command_line.output, terminal);
  }
  if (const auto* exported = std::get_if<cli::ExportCommand>(&command_line.command)) {
    return cli::RunExport(*exported, terminal);
  }
  if (const auto* discard = std::get_if<cli::DiscardCommand>(&command_line.command)) {
    return cli::RunDiscard(*discard, command_line.output, terminal);
  }
  if (const auto* groups = std::get_if<cli::GroupsCommand>(&command_line.command)) {
    return cli::RunGroups(*groups, command_line.output, terminal);
  }
  if (const auto* mute = std::get_if<cli::MuteCommand>(&command_line.command)) {
    return cli::RunMute(*mute, command_line.output, terminal);
  }
  if (const auto* stats = std::get_if<cli::StatsCommand>(&command_line.command)) {
    return cli::RunStats(*stats, command_line.output, terminal);
  }
  if (const auto* replay = std::get_if<cli::ReplayCommand>(&command_line.command)) {
    return cli::RunReplay(*replay, command_line.output, terminal);
  }
  if (const auto* replays = std::get_if<cli::ReplaysCommand>(&command_line.command)) {
    return cli::RunReplays(*replays, command_line.output, terminal);
  }
  if (std::holds_alternative<cli::VersionCommand>(command_line.command)) {
    return cli::RunVersion(command_line.output, terminal);
  }
  return std::nullopt;
}

int RunWithConfig(const cli::CommandLine& command_line) {
  const auto config = LoadConfig(SourcesFrom(command_line));
  if (!config) return Complain(cli::kExitUsage, config.error().message);
  SetUpLogFrom(*config);
  const auto run = [&](const auto& command) -> int {
    using Command = std::decay_t<decltype(command)>;
    if constexpr (std::is_same_v<Command, cli::ServeCommand>)
      return RunServe(*config, command_line);
    if constexpr (std::is_same_v<Command, cli::DemoCommand>) return RunDemo(*config, command_line);
    if constexpr (std::is_same_v<Command, cli::MigrateCommand>) {
      return RunMigrate(*config, command, command_line.output);
    }
    if constexpr (std::is_same_v<Command, cli::SubmitCommand>) {
      return RunSubmit(*config, command, command_line.output);
    }
    if constexpr (std::is_same_v<Command, cli::TopologyCommand>) {
      return RunTopology(*config, command, command_line.output);
    }
    if constexpr (std::is_same_v<Command, cli::BenchCommand>) {
      return RunBench(*config, command, command_line);
    }
    if constexpr (std::is_same_v<Command, cli::DoctorCommand>) {
      return RunDoctor(*config, command_line.output);
    }
    if constexpr (std::is_same_v<Command, cli::PolicyTestCommand>) {
      return RunPolicyTest(*config, command, command_line.output);
    }
    if constexpr (std::is_same_v<Command, cli::TokenNewCommand>) {
      return RunTokenNew(*config, command, command_line.output);
    }
    if constexpr (std::is_same_v<Command, cli::ConfigCheckCommand>) {
      return RunConfigCheck(*config, command_line.output);
    }
    return cli::kExitUsage;
  };
  return std::visit(run, command_line.command);
}

// Output that could not be written (a full disk) must not look like success. Who reads no further
// (a closed pipe) has had what he wanted.
int Written(int status) {
  std::cout.flush();
  const bool failed = std::fflush(stdout) != 0 || std::ferror(stdout) != 0 || !std::cout;
  if (!failed || errno == EPIPE) return status;
  return Complain(cli::kExitFailed, "standard output could not be written");
}

}  // namespace
}  // namespace deadletter

int main(int argc, char** argv) {
  deadletter::sqlite::CountNoMemory();
  const auto command_line = deadletter::cli::ParseCommandLine(argc, argv);
  if (!command_line) {
    const auto& early = command_line.error();
    std::fputs(early.text.c_str(), early.status == 0 ? stdout : stderr);
    return early.status == 0 ? deadletter::Written(early.status) : early.status;
  }
  const auto early = deadletter::RunWithoutConfig(*command_line);
  return deadletter::Written(early ? *early : deadletter::RunWithConfig(*command_line));
}
