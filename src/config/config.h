// The configuration: file, environment and flags become one validated value that nobody changes
// afterwards. docs/configuration.md describes every key; limits.h holds every default and bound.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "broker/topology.h"
#include "ledger/execution_table.h"
#include "letter/letter_format.h"
#include "policy/rule.h"
#include "telemetry/log.h"

namespace deadletter {

// Broker and ledger always belong together: a queue file is not used with somebody's database, nor
// the other way round.
enum class Pair {
  kEmbedded,  // queues and ledger are two SQLite files
  kServers,   // RabbitMQ and PostgreSQL
};

[[nodiscard]] std::string_view PairName(Pair pair);  // "embedded", "rabbitmq+postgresql"

struct BrokerConfig {
  std::string path;  // kEmbedded: the queue file
  std::vector<std::string>
      urls;  // kServers: amqp:// or amqps://, passwords included; never log them unmasked
  std::optional<std::string> ca_file;
  std::optional<std::string> cert_file;  // together with key_file
  std::optional<std::string> key_file;
  std::optional<std::string> management_url;  // may hold a password
};

struct LedgerConfig {
  std::string path;  // kEmbedded: the ledger file
  std::string url;   // kServers: postgresql://…, password included; never log it unmasked
  std::string schema;
  std::chrono::milliseconds lock_timeout{0};
  bool auto_migrate = true;
};

struct QueueConfig {
  std::string name;
  std::string consumer_tag;
  std::size_t prefetch = 0;
  bool optional = false;  // may be missing without making the service unready
};

struct IntakeConfig {
  std::size_t batch_letters = 0;
  std::size_t max_buffered_bytes = 0;
};

struct EventsConfig {
  bool enabled = true;
  std::string exchange;
  std::string routing_key;
};

struct HttpConfig {
  std::string host;        // an IP address without brackets, or "localhost"
  std::uint16_t port = 0;  // 0: any free one
  std::optional<std::string> tls_cert;
  std::optional<std::string> tls_key;
  std::string base_path;                 // begins with "/"; does not end with one unless it is "/"
  std::int64_t requests_per_second = 0;  // of each token, or of each address
};

enum class SweeperMode { kOff, kReport, kFail };

struct SweeperConfig {
  SweeperMode mode = SweeperMode::kReport;
  std::chrono::milliseconds overdue_after{0};
};

struct RetentionConfig {
  std::chrono::milliseconds closed{0};
  std::chrono::milliseconds open{0};
};

struct LogConfig {
  std::optional<LogFormat> format;  // absent: text on a terminal, else json
  LogLevel level = LogLevel::kInfo;
};

struct Config {
  Pair pair = Pair::kEmbedded;
  BrokerConfig broker;
  LedgerConfig ledger;
  std::string data_dir;
  std::vector<QueueConfig> queues;  // at least one; names differ
  IntakeConfig intake;
  TopologyPlan topology;  // dead_letter_queues and consumer_tags included
  ExecutionTable executions;
  ExecutionsMode executions_mode = ExecutionsMode::kFail;
  LetterFormat letter = LetterFormat::Default();
  EventsConfig events;
  HttpConfig http;
  std::optional<std::string> tokens_file;
  std::vector<std::string> redact;  // JSON Pointers, globs allowed
  std::vector<Rule> policies;       // in the order of the file; names differ
  SweeperConfig sweeper;
  RetentionConfig retention;
  LogConfig log;

  std::optional<std::string> file;  // the one that was read
  std::map<std::string, std::string>
      origins;                        // "broker.url" -> "deadletter.toml:3"; absent: the default
  std::vector<std::string> warnings;  // one line each, to be logged once

  [[nodiscard]] bool IsSet(const std::string& key) const { return origins.contains(key); }
};

// What a command line flag says about a key.
struct FlagValue {
  std::string flag;  // "--listen", for messages
  std::string text;
};

struct ConfigSources {
  std::optional<std::string> config_path;          // --config
  std::map<std::string, std::string> environment;  // only DEADLETTER_* matters
  std::filesystem::path working_dir = ".";  // where ./deadletter.toml is looked for; empty: nowhere
  std::filesystem::path system_file = "/etc/deadletter/deadletter.toml";  // empty: none
  std::map<std::string, FlagValue> flags;                                 // by key: "http.listen"
};

// This process's DEADLETTER_* variables.
[[nodiscard]] std::map<std::string, std::string> ReadEnvironment();

// Flags beat the environment, which beats the file, which beats the defaults. The error is one line
// that names where (file and line, variable or flag), the key, and what is allowed; always the same
// one for the same sources, and never with a secret in it. Reads files, touches nothing else.
[[nodiscard]] Result<Config> LoadConfig(const ConfigSources& sources);

// The effective configuration as TOML, each value with where it came from; secrets masked.
[[nodiscard]] std::string DescribeConfig(const Config& config);

// The same as one JSON object by section, on one line; without where the values came from.
[[nodiscard]] std::string DescribeConfigAsJson(const Config& config);

// A URL or libpq connection string fit to be shown: every password in it becomes "***".
[[nodiscard]] std::string MaskSecrets(std::string_view url);

}  // namespace deadletter
