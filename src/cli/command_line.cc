#include "cli/command_line.h"

#include <CLI/CLI.hpp>
#include <array>
#include <boost/json/parse.hpp>
#include <charconv>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>

#include "cli/terminal.h"
#include "config/units.h"
#include "operations/role.h"

namespace deadletter::cli {
namespace {

constexpr std::size_t kMaxListed = 1'000'000;
constexpr std::size_t kMaxSubmitted = 100'000;
constexpr std::size_t kLongestQueueName = 255;
constexpr std::int64_t kMaxTtlMs =
    std::int64_t{49} * 24 * 3600 * 1000;  // RabbitMQ counts in 32 bits

struct FilterFlag {
  const char* flag;
  const char* parameter;  // of the HTTP API
  const char* help;
};

constexpr std::array kFilterFlags = {
    FilterFlag{"--state", "state", "open, waiting or closed"},
    FilterFlag{"--outcome", "outcome", "what we did: failed, not_failable, malformed, ..."},
    FilterFlag{"--reason", "reason",
               "why it died: expired, rejected, maxlen, delivery_limit, unknown"},
    FilterFlag{"--queue", "queue", "the queue where it died"},
    FilterFlag{"--type", "type", "the message type"},
    FilterFlag{"--action", "action", "the action"},
    FilterFlag{"--execution-id", "execution_id", "the execution"},
    FilterFlag{"--worker-id", "worker_id", "the worker it was meant for"},
    FilterFlag{"--group", "group", "letters of one fingerprint (32 hexadecimal digits)"},
    FilterFlag{"--tag", "tag", "that somebody tagged so"},
    FilterFlag{"--since", "since", "received at this time or later (2026-11-23T19:57:03Z)"},
    FilterFlag{"--until", "until", "received before this time"},
};

constexpr std::array kAuditFlags = {
    FilterFlag{"--who", "who", "the token's name, or local"},
    FilterFlag{"--what", "what", "what was done: note, tag, reveal"},
    FilterFlag{"--subject", "subject", "the id of what it was done to"},
    FilterFlag{"--since", "since", "at this time or later (2026-11-23T19:57:03Z)"},
    FilterFlag{"--until", "until", "before this time"},
};

// Checks that answer in our words; an empty answer means that all is well.
std::string CheckOutput(const std::string& text) {
  return text == "table" || text == "json" ? "" : "must be table or json, not '" + text + "'";
}

std::string CheckRole(const std::string& text) {
  return RoleFromName(text) ? "" : "must be viewer, operator or admin, not '" + text + "'";
}

CLI::Validator UpTo(std::size_t most) {
  return CLI::Validator(
      [most](const std::string& text) -> std::string {
        std::size_t number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        const bool whole = error == std::errc() && end == text.data() + text.size();
        if (whole && number >= 1 && number <= most) return {};
        return "must be a number from 1 to " + std::to_string(most) + ", not '" + text + "'";
      },
      "");
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
  // The error is one line for the person.
  using Make = std::function<Result<Command>()>;

  CLI::App* AddCommand(CLI::App& parent, const std::string& name, const std::string& help,
                       Make make);
  void AddLocalFlags(CLI::App& command);
  void AddListenFlag(CLI::App& command);
  void AddServerFlag(CLI::App& command);
  void AddIdFlag(CLI::App& command);
  void AddService();
  void AddSubmit();
  void AddTopology();
  void AddConfig();
  void AddToken();
  void AddClients();
  void AddPeople();
  template <std::size_t Size>
  void AddFilters(CLI::App& command, const std::array<FilterFlag, Size>& flags, const char* help);

  [[nodiscard]] Result<Command> MakeSubmit() const;
  [[nodiscard]] Result<Command> MakeTag() const;
  template <std::size_t Size>
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> Filters(
      const std::array<FilterFlag, Size>& flags) const;
  [[nodiscard]] ServerAccess Server() const;
  [[nodiscard]] EarlyExit Explain(const CLI::ParseError& error) const;
  [[nodiscard]] EarlyExit Mistake(std::string_view message) const;
  // The innermost command that was understood; the program itself where none was.
  [[nodiscard]] const CLI::App* Chosen() const;

  CLI::App app_{
      "Handles dead letters: finds out which execution died and of what, fails it, keeps the "
      "letter."};
  std::map<const CLI::App*, Make> makers_;

  ConfigFlags config_;
  std::string output_ = "table";
  bool print_ = false;
  SubmitCommand submit_;
  TokenNewCommand token_;
  std::optional<std::string> ttl_;
  std::optional<std::string> server_;
  std::optional<std::string> ca_file_;
  std::map<std::string, std::optional<std::string>> filters_;  // by parameter
  std::size_t limit_ = ListCommand{}.limit;
  std::string id_;
  bool reveal_ = false;
  std::string text_;
  std::vector<std::string> add_;
  std::vector<std::string> remove_;
};

Reader::Reader() {
  app_.name("deadletter");
  app_.set_version_flag("--version", "deadletter " DEADLETTER_VERSION);
  app_.require_subcommand(1);
  AddService();
  AddSubmit();
  AddTopology();
  AddConfig();
  AddToken();
  AddClients();
  AddPeople();
}

CLI::App* Reader::AddCommand(CLI::App& parent, const std::string& name, const std::string& help,
                             Make make) {
  CLI::App* command = parent.add_subcommand(name, help);
  if (!make) {
    command->require_subcommand(1);
    return command;
  }
  command->add_option("--config", config_.config_file, "the configuration file")->type_name("FILE");
  command
      ->add_option("--output", output_,
                   "how results are written: table or json (one object a line)")
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

void Reader::AddServerFlag(CLI::App& command) {
  command
      .add_option("--server", server_,
                  "the running server; else DEADLETTER_SERVER, else " + ServerAccess{}.url)
      ->type_name("URL");
  command
      .add_option("--ca-file", ca_file_,
                  "whom to trust for https:// (PEM); else DEADLETTER_CA_FILE, else the system's")
      ->type_name("FILE");
}

void Reader::AddIdFlag(CLI::App& command) {
  AddServerFlag(command);
  command.add_option("ID", id_, "the letter's id, as `list` gives it")->required()->type_name("ID");
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

template <std::size_t Size>
void Reader::AddFilters(CLI::App& command, const std::array<FilterFlag, Size>& flags,
                        const char* help) {
  AddServerFlag(command);
  for (const FilterFlag& each : flags)
    command.add_option(each.flag, filters_[each.parameter], each.help)->type_name("TEXT");
  command.add_option("--limit", limit_, help)
      ->check(UpTo(kMaxListed))
      ->type_name("N")
      ->capture_default_str();
}

template <std::size_t Size>
std::vector<std::pair<std::string, std::string>> Reader::Filters(
    const std::array<FilterFlag, Size>& flags) const {
  std::vector<std::pair<std::string, std::string>> filters;
  for (const FilterFlag& each : flags) {
    if (const auto& value = filters_.at(each.parameter))
      filters.emplace_back(each.parameter, *value);
  }
  return filters;
}

void Reader::AddClients() {
  CLI::App* list = AddCommand(app_, "list", "List letters, newest first.", [this] {
    return ListCommand{.server = Server(), .filters = Filters(kFilterFlags), .limit = limit_};
  });
  AddFilters(*list, kFilterFlags, "how many letters at most");
  CLI::App* show = AddCommand(app_, "show", "Show all that is known of one letter.", [this] {
    return ShowCommand{.server = Server(), .id = id_, .reveal = reveal_};
  });
  AddIdFlag(*show);
  show->add_flag("--reveal", reveal_, "what is redacted, too: for admins, and audited");
  CLI::App* explain = AddCommand(app_, "explain", "Say what happened to an execution.", [this] {
    return ExplainCommand{.server = Server(), .execution_id = id_};
  });
  AddServerFlag(*explain);
  explain->add_option("EXECUTION_ID", id_, "the execution's id")->required()->type_name("ID");
}

void Reader::AddPeople() {
  CLI::App* note = AddCommand(app_, "note", "Add a note to a letter.", [this] {
    return NoteCommand{.server = Server(), .id = id_, .text = text_};
  });
  AddIdFlag(*note);
  note->add_option("--text", text_, "what it says")->required()->type_name("TEXT");
  CLI::App* tag = AddCommand(app_, "tag", "Add tags to a letter, or remove them.",
                             [this] { return MakeTag(); });
  AddIdFlag(*tag);
  tag->add_option("--add", add_, "a tag; may be given more than once")->type_name("TAG");
  tag->add_option("--remove", remove_, "a tag; may be given more than once")->type_name("TAG");
  for (const char* name : {"--add", "--remove"})
    tag->get_option(name)->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  CLI::App* audit =
      AddCommand(app_, "audit", "List who did what, newest first; for admins.", [this] {
        return AuditCommand{.server = Server(), .filters = Filters(kAuditFlags), .limit = limit_};
      });
  AddFilters(*audit, kAuditFlags, "how many acts at most");
}

Result<Command> Reader::MakeTag() const {
  if (add_.empty() && remove_.empty()) return Fail("--add or --remove must name a tag");
  return TagCommand{.server = Server(), .id = id_, .add = add_, .remove = remove_};
}

Result<Command> Reader::MakeSubmit() const {
  SubmitCommand submit = submit_;
  if (submit.queue.empty() || submit.queue.size() > kLongestQueueName)
    return Fail("--queue must be a queue's name, of 1 to 255 bytes");
  if (submit.action.empty()) return Fail("--action must not be empty");
  boost::json::error_code error;
  boost::json::parse(submit.payload_json, error);
  if (error) return Fail("--payload must be JSON: " + error.message());
  if (!ttl_) return submit;
  const auto ttl = ParseDurationMs(*ttl_);
  if (!ttl || *ttl < 0 || *ttl > kMaxTtlMs) {
    return Fail("--ttl must be a duration like 300ms, 30s or 5m, at most 49d, not '" + *ttl_ + "'");
  }
  submit.ttl = std::chrono::milliseconds(*ttl);
  return submit;
}

ServerAccess Reader::Server() const {
  const auto environment = [](const char* name) -> std::optional<std::string> {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') return std::nullopt;
    return value;
  };
  const auto url = server_ ? server_ : environment("DEADLETTER_SERVER");
  return {.url = url.value_or(ServerAccess{}.url),
          .token = environment("DEADLETTER_TOKEN"),
          .ca_file = ca_file_ ? ca_file_ : environment("DEADLETTER_CA_FILE")};
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
