#include "cli/command_line.h"

#include <CLI/CLI.hpp>
#include <boost/json/parse.hpp>
#include <map>
#include <memory>

#include "cli/client_flags.h"
#include "cli/filter_flags.h"
#include "cli/terminal.h"
#include "cli/validators.h"
#include "config/units.h"
#include "operations/role.h"

namespace deadletter::cli {
namespace {

constexpr std::size_t kMaxSubmitted = 100'000;
constexpr std::size_t kMaxTriedLetters = 1'000'000;
// A request needs so many for itself; a measurement is not to fill somebody's disk.
constexpr std::size_t kLeastBenchBytes = 450;
constexpr std::size_t kMostBenchBytes = std::size_t{1} << 20;
constexpr std::size_t kMostBenchBytesInAll = std::size_t{4} << 30;
constexpr std::size_t kLeastBenchLetters = 100;
constexpr std::size_t kMostBenchLetters = 1'000'000;
constexpr std::size_t kMostBenchRuns = 20;
constexpr std::int64_t kMaxSinceMs = std::int64_t{3650} * 24 * 3600 * 1000;

// Checks that answer in our words; an empty answer means that all is well.
std::string CheckOutput(const std::string& text) {
  return text == "table" || text == "json" ? "" : "must be table or json, not '" + text + "'";
}

std::string CheckRole(const std::string& text) {
  return RoleFromName(text) ? "" : "must be viewer, operator or admin, not '" + text + "'";
}

// CLI11's "--limit: must be …" without the colon; what it says about missing and surplus values in
// fewer words.
std::string Reworded(const CLI::ParseError& error) {
  std::string message = error.what();
  const std::size_t colon = message.find(": ");
  if (colon == std::string::npos) return message;
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
    return message.substr(0, colon) + " needs one value";
  }
  const bool ours = dynamic_cast<const CLI::ValidationError*>(&error) != nullptr;
  return ours ? message.substr(0, colon) + message.substr(colon + 1) : message;
}

// What CLI11 writes into while it reads, and how the chosen command is made of it.
class Reader {
 public:
  Reader();

  [[nodiscard]] Result<CommandLine, EarlyExit> Read(int argc, const char* const* argv);

 private:
  CLI::App* AddCommand(CLI::App& parent, const std::string& name, const std::string& help,
                       MakeCommand make);
  void AddLocalFlags(CLI::App& command);
  void AddListenFlag(CLI::App& command);
  void AddService();
  void AddSubmit();
  void AddTopology();
  void AddDoctor();
  void AddBench();
  void AddConfig();
  void AddToken();
  void AddPolicy();

  [[nodiscard]] Result<Command> MakeSubmit() const;
  [[nodiscard]] Result<Command> MakePolicyTest() const;
  [[nodiscard]] Result<Command> MakeBench() const;
  [[nodiscard]] EarlyExit Explain(const CLI::ParseError& error) const;
  [[nodiscard]] EarlyExit Mistake(std::string_view message) const;
  // The innermost command that was understood; the program itself where none was.
  [[nodiscard]] const CLI::App* Chosen() const;

  CLI::App app_{
      "Handles dead letters: finds out which execution died and of what, fails it, keeps the "
      "letter."};
  std::map<const CLI::App*, MakeCommand> makers_;

  ConfigFlags config_;
  std::string output_ = "table";
  bool print_ = false;
  SubmitCommand submit_;
  TokenNewCommand token_;
  std::optional<std::string> ttl_;
  PolicyTestCommand policy_;
  std::string since_ = "7d";
  BenchCommand bench_;
  FilterFlags tried_;
  ClientFlags clients_;
};

Reader::Reader() {
  app_.name("deadletter");
  app_.set_version_flag("--version", "deadletter " DEADLETTER_VERSION);
  app_.require_subcommand(1);
  AddService();
  AddSubmit();
  AddTopology();
  AddDoctor();
  AddBench();
  AddConfig();
  AddToken();
  AddPolicy();
  clients_.AddTo([this](const std::string& name, const std::string& help, MakeCommand make) {
    return AddCommand(app_, name, help, std::move(make));
  });
}

CLI::App* Reader::AddCommand(CLI::App& parent, const std::string& name, const std::string& help,
                             MakeCommand make) {
  CLI::App* command = parent.add_subcommand(name, help);
  if (!make) {
    command->require_subcommand(1);
    return command;
  }
  command->add_option("--config", config_.config_file, "the configuration file")->type_name("FILE");
  command->add_option("--output", output_, "table or json (one object a line)")
      ->check(CLI::Validator(CheckOutput, ""))
      ->type_name("FORMAT")
      ->capture_default_str();
  makers_[command] = std::move(make);
  return command;
}

void Reader::AddLocalFlags(CLI::App& command) {
  command.add_flag("--embedded", config_.embedded,
                   "queues and ledger in files of our own, no servers");
  command.add_option("--broker-url", config_.broker_url, "embedded:PATH, amqp:// or amqps://")
      ->type_name("URL");
  command.add_option("--ledger-url", config_.ledger_url, "sqlite:PATH or postgresql://")
      ->type_name("URL");
  command.add_option("--data-dir", config_.data_dir, "where the embedded files are")
      ->type_name("FOLDER");
}

void Reader::AddListenFlag(CLI::App& command) {
  command.add_option("--listen", config_.listen, "where HTTP is served")->type_name("ADDRESS:PORT");
}

void Reader::AddService() {
  CLI::App* serve = AddCommand(app_, "serve", "Handle letters until told to stop.",
                               [] { return ServeCommand{}; });
  CLI::App* demo =
      AddCommand(app_, "demo", "Show the whole road with executions that die before your eyes.",
                 [] { return DemoCommand{}; });
  for (CLI::App* command : {serve, demo}) {
    AddLocalFlags(*command);
    AddListenFlag(*command);
  }
  CLI::App* migrate = AddCommand(app_, "migrate", "Bring the ledger's tables up to date.",
                                 [this] { return MigrateCommand{.print = print_}; });
  AddLocalFlags(*migrate);
  migrate->add_flag("--print", print_, "only print the SQL and the grants that serve needs");
}

void Reader::AddSubmit() {
  CLI::App* submit =
      AddCommand(app_, "submit", "Record an execution and send its message to a queue.",
                 [this] { return MakeSubmit(); });
  AddLocalFlags(*submit);
  submit->add_option("--queue", submit_.queue, "the worker queue to send to")
      ->required()
      ->type_name("QUEUE");
  submit->add_option("--action", submit_.action, "the action to execute")
      ->required()
      ->type_name("REF");
  submit->add_option("--payload", submit_.payload_json, "the action's parameters")
      ->type_name("JSON")
      ->capture_default_str();
  submit
      ->add_option(
          "--ttl", ttl_,
          "how long the message may wait for a worker (5m); a shorter limit of the queue counts")
      ->type_name("DURATION");
  submit->add_option("--count", submit_.count, "how many of them")
      ->check(UpTo(kMaxSubmitted))
      ->type_name("N")
      ->capture_default_str();
  submit->add_option("--worker", submit_.worker_id, "the worker that it is meant for")
      ->type_name("ID");
}

void Reader::AddTopology() {
  CLI::App* topology =
      AddCommand(app_, "topology", "Exchanges and queues that dead letters need.", nullptr);
  AddLocalFlags(*AddCommand(*topology, "apply",
                            "Declare what is missing; nothing is deleted or changed.",
                            [] { return TopologyCommand{TopologyAction::kApply}; }));
  AddLocalFlags(*AddCommand(*topology, "check",
                            "Say what is missing, differs or would lose letters.",
                            [] { return TopologyCommand{TopologyAction::kCheck}; }));
}

void Reader::AddDoctor() {
  CLI::App* doctor = AddCommand(
      app_, "doctor", "Say what in the set-up is wrong, and what to do; nothing is changed.",
      [] { return DoctorCommand{}; });
  AddLocalFlags(*doctor);
  AddListenFlag(*doctor);
}

void Reader::AddBench() {
  CLI::App* bench =
      AddCommand(app_, "bench",
                 "Measure how fast the configured pair handles letters here, and what limits it.",
                 [this] { return MakeBench(); });
  AddLocalFlags(*bench);
  bench->footer(
      "On queues and tables of its own, which are removed again; yours are not touched.\n"
      "It needs the right to make them: deadletter.bench.* in the virtual host, and a\n"
      "schema in the database.");
  bench->add_option("--letters", bench_.letters, "how many letters wait in the queue of each run")
      ->check(FromTo(kLeastBenchLetters, kMostBenchLetters))
      ->type_name("N")
      ->capture_default_str();
  bench->add_option("--runs", bench_.runs, "how often each thing is measured, in turn")
      ->check(UpTo(kMostBenchRuns))
      ->type_name("N")
      ->capture_default_str();
  bench->add_option("--body-bytes", bench_.body_bytes, "how large a letter's body is")
      ->check(FromTo(kLeastBenchBytes, kMostBenchBytes))
      ->type_name("N")
      ->capture_default_str();
}

void Reader::AddConfig() {
  CLI::App* config = AddCommand(app_, "config", "The configuration.", nullptr);
  CLI::App* check = AddCommand(*config, "check", "Read the configuration and say what it comes to.",
                               [] { return ConfigCheckCommand{}; });
  AddLocalFlags(*check);
  AddListenFlag(*check);
  AddCommand(app_, "version", "Say which version this is.", [] { return VersionCommand{}; });
}

void Reader::AddToken() {
  CLI::App* token = AddCommand(app_, "token", "Access tokens of the HTTP interface.", nullptr);
  CLI::App* add = AddCommand(*token, "new", "Make a token, print it once, and keep its digest.",
                             [this] { return token_; });
  add->add_option("--name", token_.name, "whose it is: the audit calls its user so")
      ->required()
      ->type_name("NAME");
  add->add_option("--role", token_.role, "viewer (reads), operator (changes too), admin (all)")
      ->required()
      ->check(CLI::Validator(CheckRole, ""))
      ->type_name("ROLE");
  add->add_option("--tokens-file", token_.tokens_file, "where it is kept; else auth.tokens_file")
      ->type_name("FILE");
}

void Reader::AddPolicy() {
  CLI::App* policy = AddCommand(app_, "policy", "The rules.", nullptr);
  CLI::App* test = AddCommand(*policy, "test",
                              "Say what the rules would have done with letters of the past; "
                              "nothing is changed.",
                              [this] { return MakePolicyTest(); });
  AddLocalFlags(*test);
  test->add_option("--since", since_, "how far back: 30m, 12h, 7d")
      ->type_name("DURATION")
      ->capture_default_str();
  tried_.AddTo(*test, TrialFilters());
  test->add_option("--limit", policy_.limit, "how many letters at most, the newest")
      ->check(UpTo(kMaxTriedLetters))
      ->type_name("N")
      ->capture_default_str();
}

Result<Command> Reader::MakePolicyTest() const {
  PolicyTestCommand policy = policy_;
  const auto since = ParseDurationMs(since_);
  if (!since || *since <= 0 || *since > kMaxSinceMs)
    return Fail("--since must be a duration like 30m, 12h or 7d, at most 3650d, not '" + since_ +
                "'");
  policy.since = std::chrono::milliseconds(*since);
  policy.filters = tried_.Given(TrialFilters());
  return policy;
}

Result<Command> Reader::MakeBench() const {
  // What a run has settled stays until the last one: the next is not to pay for its removal.
  const std::size_t bytes_of_each = bench_.body_bytes * bench_.runs;
  if (bench_.letters > kMostBenchBytesInAll / bytes_of_each) {
    return Fail(
        "--letters times --body-bytes times --runs must be at most 4 GiB: with --body-bytes " +
        std::to_string(bench_.body_bytes) + " and --runs " + std::to_string(bench_.runs) +
        " at most --letters " + std::to_string(kMostBenchBytesInAll / bytes_of_each));
  }
  return bench_;
}

Result<Command> Reader::MakeSubmit() const {
  SubmitCommand submit = submit_;
  if (submit.queue.empty() || submit.queue.size() > kMaxQueueNameBytes)
    return Fail("--queue must be a queue's name, of 1 to 255 bytes");
  if (submit.action.empty()) return Fail("--action must not be empty");
  boost::json::error_code error;
  boost::json::parse(submit.payload_json, error);
  if (error) return Fail("--payload must be JSON: " + error.message());
  if (!ttl_) return submit;
  const auto ttl = ParseDurationMs(*ttl_);
  if (!ttl || *ttl < 0 || *ttl > kMaxSubmittedTtlMs) {
    return Fail("--ttl must be a duration like 300ms, 30s or 5m, at most 49d, not '" + *ttl_ + "'");
  }
  submit.ttl = std::chrono::milliseconds(*ttl);
  return submit;
}

const CLI::App* Reader::Chosen() const {
  const CLI::App* app = &app_;
  while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
  return app;
}

EarlyExit Reader::Mistake(std::string_view message) const {
  std::string called;
  for (const CLI::App* app = Chosen(); app != nullptr; app = app->get_parent()) {
    called = app->get_name() + " " + called;
  }
  return {.status = kExitUsage,
          .text = "deadletter: " + SafeText(message) + ": see `" + called + "--help`\n"};
}

EarlyExit Reader::Explain(const CLI::ParseError& error) const {
  if (error.get_exit_code() == 0) {
    const bool version = dynamic_cast<const CLI::CallForVersion*>(&error) != nullptr;
    return {.status = kExitDone, .text = version ? std::string(error.what()) + "\n" : app_.help()};
  }
  const std::vector<std::string> unknown = app_.remaining(true);
  if (!unknown.empty()) return Mistake("'" + unknown.front() + "' is not known here");
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr && makers_.count(Chosen()) == 0) {
    return Mistake("say what to do");
  }
  return Mistake(Reworded(error));
}

Result<CommandLine, EarlyExit> Reader::Read(int argc, const char* const* argv) {
  try {
    app_.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return Unexpected<EarlyExit>(Explain(error));
  }
  auto command = makers_.at(Chosen())();
  if (!command) return Unexpected<EarlyExit>(Mistake(command.error().message));
  return CommandLine{.command = std::move(*command),
                     .config = config_,
                     .output = output_ == "json" ? OutputFormat::kJson : OutputFormat::kTable};
}

}  // namespace

Result<CommandLine, EarlyExit> ParseCommandLine(int argc, const char* const* argv) {
  return Reader().Read(argc, argv);
}

}  // namespace deadletter::cli
