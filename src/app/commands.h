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
[[nodiscard]] int RunDoctor(const Config& config, cli::OutputFormat output);
[[nodiscard]] int RunTokenNew(const Config& config, const cli::TokenNewCommand& command,
                              cli::OutputFormat output);
[[nodiscard]] int RunPolicyTest(const Config& config, const cli::PolicyTestCommand& command,
                                cli::OutputFormat output);
[[nodiscard]] int RunConfigCheck(const Config& config, cli::OutputFormat output);

// "deadletter: message" on standard error, made safe for a terminal; gives `status` back.
int Complain(int status, const std::string& message);

}  // namespace deadletter
