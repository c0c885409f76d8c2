// The commands that run here rather than against a server. Each returns its exit status and says
// what went wrong on standard error, in one line.
#pragma once

#include "cli/command_line.h"
#include "config/config.h"

namespace deadletter {

[[nodiscard]] int RunServe(const Config& config, const cli::CommandLine& command_line);
[[nodiscard]] int RunDemo(const Config& config, const cli::CommandLine& command_line);
[[nodiscard]] int RunMigrate(const Config& config, const cli::MigrateCommand& command,
                             cli::OutputFormat output);
[[nodiscard]] int RunSubmit(const Config& config, const cli::SubmitCommand& command,
                            cli::OutputFormat output);
[[nodiscard]] int RunTopology(const Config& config, const cli::TopologyCommand& command,
                              cli::OutputFormat output);
[[nodiscard]] int RunBench(const Config& config, const cli::BenchCommand& command,
                           const cli::CommandLine& command_line);
[[nodiscard]] int RunDoctor(const Config& config, cli::OutputFormat output);
[[nodiscard]] int RunTokenNew(const Config& config, const cli::TokenNewCommand& command,
                              cli::OutputFormat output);
[[nodiscard]] int RunPolicyTest(const Config& config, const cli::PolicyTestCommand& command,
                                cli::OutputFormat output);
[[nodiscard]] int RunConfigCheck(const Config& config, cli::OutputFormat output);

// Somebody at a terminal sees which pair it is; a service manager does not, and a lost file must
// not be taken for the wish to use an empty queue in this folder.
[[nodiscard]] bool MayUseDefaults(const Config& config, const cli::CommandLine& command_line);
// What to say where one may not.
[[nodiscard]] std::string NoConfiguration(const std::string& command);

// "deadletter: message" on standard error, made safe for a terminal; gives `status` back.
int Complain(int status, const std::string& message);

}  // namespace deadletter
