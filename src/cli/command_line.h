// The command line, read: which command, with which options. Nothing is done here.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "operations/submission.h"

namespace deadletter::cli {

// What scripts may rely on.
inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;  // bad usage or configuration
inline constexpr int kExitFinding =
    3;  // `doctor` or `topology check` found something, `apply` met a conflict

enum class OutputFormat { kTable, kJson };

// Flags win over the environment and the file. Of those that ask a server and of version only
// `config_file` can be set, and those do not read it.
struct ConfigFlags {
  std::optional<std::string> config_file;
  bool embedded = false;
  std::optional<std::string> broker_url;
  std::optional<std::string> ledger_url;
  std::optional<std::string> data_dir;
  std::optional<std::string> listen;  // serve and demo only
};

// A running server and how to speak to it.
struct ServerAccess {
  std::string url = "http://127.0.0.1:8025";  // --server, else DEADLETTER_SERVER
  std::optional<std::string>
      token;  // DEADLETTER_TOKEN only: flags are seen by everybody on the machine
  // --ca-file, else DEADLETTER_CA_FILE: whom to trust for https://, PEM; none: the system's
  std::optional<std::string> ca_file;
};

struct ServeCommand {};
struct DemoCommand {};
struct MigrateCommand {
  bool print = false;
};
struct SubmitCommand : Submission {};
enum class TopologyAction { kApply, kCheck };
struct TopologyCommand {
  TopologyAction action = TopologyAction::kCheck;
};
struct DoctorCommand {};
struct ConfigCheckCommand {};
struct TokenNewCommand {
  std::string name;
  std::string role;
  std::optional<std::string> tokens_file;  // else auth.tokens_file
};
// Runs the rules over letters that are in the ledger.
struct PolicyTestCommand {
  std::chrono::milliseconds since = std::chrono::hours(7 * 24);   // received so long ago or later
  std::size_t limit = 10'000;                                     // the newest of them
  std::vector<std::pair<std::string, std::string>> filters = {};  // as the HTTP API calls them
};
// What the configured pair manages here, on queues and tables of its own.
struct BenchCommand {
  std::size_t letters = 20'000;
  std::size_t runs = 3;
  std::size_t body_bytes = 450;
};
struct VersionCommand {};
struct ListCommand {
  ServerAccess server;
  std::vector<std::pair<std::string, std::string>>
      filters;              // as the HTTP API calls them; judged by the server
  std::size_t limit = 100;  // letters in all, over as many pages as that takes
};
struct ShowCommand {
  ServerAccess server;
  std::string id;
  bool reveal = false;  // what is redacted, too; audited
};
struct ExplainCommand {
  ServerAccess server;
  std::string execution_id;
};
struct NoteCommand {
  ServerAccess server;
  std::string id;
  std::string text;
};
struct TagCommand {
  ServerAccess server;
  std::string id;
  std::vector<std::string> add;
  std::vector<std::string> remove;
};
struct AuditCommand {
  ServerAccess server;
  std::vector<std::pair<std::string, std::string>> filters;  // as for ListCommand
  std::size_t limit = 100;
};

struct ExportCommand {
  ServerAccess server;
  std::vector<std::pair<std::string, std::string>> filters;  // as for ListCommand
};
struct DiscardCommand {
  ServerAccess server;
  std::string request_json;  // as POST /v1/discards takes it; judged by the server
};
struct GroupsCommand {
  ServerAccess server;
  std::vector<std::pair<std::string, std::string>> filters;  // as for ListCommand
  std::size_t limit = 100;
};
struct MuteCommand {
  ServerAccess server;
  std::string group;
  std::int64_t seconds = 0;  // 0: muted no longer
};
struct StatsCommand {
  ServerAccess server;
  std::vector<std::pair<std::string, std::string>> filters;  // as for ListCommand
};

struct ReplayCommand {
  ServerAccess server;
  std::string request_json;  // as POST /v1/replays takes it; judged by the server
  bool watch = false;        // until it has ended, with what becomes of it
};
enum class ReplaysAction { kShow, kWatch, kLetters, kPause, kResume, kCancel };
struct ReplaysCommand {
  ServerAccess server;
  std::string id;  // empty: list them
  ReplaysAction action = ReplaysAction::kShow;
  std::optional<std::string> outcome = std::nullopt;  // } of its letters
  std::optional<std::string> cursor = std::nullopt;   // }
  std::size_t limit = 100;
};

using Command =
    std::variant<ServeCommand, DemoCommand, MigrateCommand, SubmitCommand, TopologyCommand,
                 DoctorCommand, ConfigCheckCommand, TokenNewCommand, PolicyTestCommand,
                 BenchCommand, VersionCommand, ListCommand, ShowCommand, ExplainCommand,
                 NoteCommand, TagCommand, AuditCommand, ExportCommand, DiscardCommand,
                 GroupsCommand, MuteCommand, StatsCommand, ReplayCommand, ReplaysCommand>;

struct CommandLine {
  Command command;
  ConfigFlags config;
  OutputFormat output = OutputFormat::kTable;
};

// There is nothing to do but to say this: help or the version (status 0, standard output), or a
// mistake (status 2, standard error, one line).
struct EarlyExit {
  int status = kExitDone;
  std::string text;  // ends with a newline
};

[[nodiscard]] Result<CommandLine, EarlyExit> ParseCommandLine(int argc, const char* const* argv);

}  // namespace deadletter::cli
