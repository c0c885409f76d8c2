#include "config/complete.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>

#include "base/contains.h"
#include "base/text.h"
#include "config/limits.h"
#include "config/units.h"
#include "config/url.h"

namespace deadletter {
namespace {

using Names = std::vector<std::string>;

std::string Where(const Config& config, const std::string& key) {
  const auto origin = config.origins.find(key);
  return origin == config.origins.end() ? "default" : origin->second;
}

Unexpected<Error> Refuse(const Config& config, const std::string& key, const std::string& why) {
  return Fail(fmt::format("{}: {} {}", Where(config, key), key, why));
}

// For keys that do not go together. Where `key` is a default, somebody set `other`, and that is the
// line to look at.
std::string Together(const Config& config, const std::string& key, const std::string& other,
                     const std::string& why) {
  const std::string& to_mend = config.IsSet(key) || !config.IsSet(other) ? key : other;
  return fmt::format("{}: {} {}", Where(config, to_mend), key, why);
}

Unexpected<Error> RefuseTogether(const Config& config, const std::string& key,
                                 const std::string& other, const std::string& why) {
  return Fail(Together(config, key, other, why));
}

std::string InDataDir(const Config& config, const char* file) {
  return (std::filesystem::path(config.data_dir) / file).string();
}

void FillPaths(Config& config) {
  if (config.broker.path.empty()) config.broker.path = InDataDir(config, "queues.sqlite3");
  if (config.ledger.path.empty()) config.ledger.path = InDataDir(config, "ledger.sqlite3");
}

// The queues that the topology ends in, where no [[queue]] names others.
void FillQueues(Config& config) {
  if (config.queues.empty()) {
    config.queues = {{config.topology.dlq, "", 0, false}};
    if (config.topology.unrouted_queue != config.topology.dlq) {
      config.queues.push_back({config.topology.unrouted_queue, "", 0, true});
    }
  }
  const size_t most = limits::kPrefetchLetters.max;
  const size_t prefetch = std::min(most, config.intake.batch_letters * limits::kPrefetchBatches);
  for (QueueConfig& queue : config.queues) {
    if (queue.consumer_tag.empty()) queue.consumer_tag = "executor.dlq";
    if (queue.prefetch == 0) queue.prefetch = prefetch;
    config.topology.dead_letter_queues.push_back(queue.name);
    if (!Contains(config.topology.consumer_tags, queue.consumer_tag)) {
      config.topology.consumer_tags.push_back(queue.consumer_tag);
    }
  }
}

void FillSweeper(Config& config) {
  if (config.IsSet("sweeper.overdue_after")) return;
  config.sweeper.overdue_after =
      config.topology.worker_ttl + std::chrono::milliseconds(limits::kSweeperMarginMs);
}

Result<void> CheckPair(const Config& config) {
  const bool broker_is_server = !config.broker.urls.empty();
  const bool ledger_is_server = !config.ledger.url.empty();
  if (broker_is_server == ledger_is_server) return {};
  const std::string why = broker_is_server ? "is RabbitMQ, but ledger.url is SQLite; allowed: set "
                                             "ledger.url to postgresql://… too, or leave both "
                                             "out for the embedded pair"
                                           : "is PostgreSQL, but broker.url is embedded; allowed: "
                                             "set broker.url to amqp://… too, or leave both "
                                             "out for the embedded pair";
  return Refuse(config, broker_is_server ? "broker.url" : "ledger.url", why);
}

Result<void> CheckFilesDiffer(const Config& config) {
  if (config.pair == Pair::kServers) return {};
  const auto normal = [](const std::string& path) {
    return std::filesystem::path(path).lexically_normal();
  };
  if (normal(config.broker.path) != normal(config.ledger.path)) return {};
  return RefuseTogether(config, "broker.url", "ledger.url",
                        "and ledger.url are the same file; allowed: two different files");
}

Result<void> CheckExchangeType(const Config& config) {
  if (config.pair == Pair::kServers || config.topology.dlx_type != "headers") return {};
  return Refuse(config, "topology.dlx_type",
                "is \"headers\", which the embedded queues do not have; allowed: \"topic\", "
                "\"direct\", \"fanout\"");
}

Result<void> CheckReadable(const Config& config, const std::string& key,
                           const std::optional<std::string>& path) {
  if (!path) return {};
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path->c_str(), "rb"),
                                                             &std::fclose);
  if (file) return {};
  return Refuse(config, key,
                fmt::format("is {}, which cannot be read; allowed: a file in PEM format",
                            JsonString(DisplayText(*path, limits::kShownValueBytes))));
}

Result<void> CheckBoth(const Config& config, const std::string& one, const std::string& other) {
  if (config.IsSet(one) == config.IsSet(other)) return {};
  const std::string& set = config.IsSet(one) ? one : other;
  const std::string& missing = config.IsSet(one) ? other : one;
  return Refuse(config, set, fmt::format("is set without {}; allowed: both or none", missing));
}

Result<void> CheckBrokerFiles(const Config& config) {
  if (auto checked = CheckBoth(config, "broker.cert_file", "broker.key_file"); !checked)
    return checked;
  for (const auto& [key, path] : {std::pair("broker.ca_file", config.broker.ca_file),
                                  std::pair("broker.cert_file", config.broker.cert_file),
                                  std::pair("broker.key_file", config.broker.key_file)}) {
    if (auto checked = CheckReadable(config, key, path); !checked) return checked;
  }
  return {};
}

// P2 stands on these: a status that is final must never be one that a letter may overwrite.
Result<void> CheckStatuses(const Config& config) {
  const ExecutionTable& table = config.executions;
  for (const std::string& status : table.failable) {
    if (!Contains(table.final_statuses, status)) continue;
    return RefuseTogether(
        config, "executions.failable", "executions.final",
        fmt::format(
            "holds {}, which executions.final holds too; allowed: statuses that are not final",
            JsonString(status)));
  }
  if (Contains(table.failable, table.failed)) {
    return RefuseTogether(
        config, "executions.failed", "executions.failable",
        fmt::format(
            "is {}, which executions.failable holds; allowed: a status that is not failable",
            JsonString(table.failed)));
  }
  if (!Contains(table.failable, table.replay_status)) {
    return RefuseTogether(
        config, "executions.replay_status", "executions.failable",
        fmt::format(
            "is {}; allowed: one of executions.failable, so that a replayed execution can fail "
            "again",
            JsonString(table.replay_status)));
  }
  return {};
}

// As SQLite compares names, quoted or not. PostgreSQL gets them quoted, and then every letter
// counts.
std::string WithoutCase(std::string name) {
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return name;
}

Result<void> CheckColumns(const Config& config) {
  const ExecutionTable& table = config.executions;
  std::map<std::string, std::string> keys;  // by column
  for (const auto& [key, column] :
       {std::pair("executions.id", table.id), std::pair("executions.status", table.status),
        std::pair("executions.result", table.result), std::pair("executions.error", table.error),
        std::pair("executions.updated", table.updated),
        std::pair("executions.finished", table.finished)}) {
    if (column.empty()) continue;
    const auto [first, is_new] =
        keys.emplace(config.pair == Pair::kEmbedded ? WithoutCase(column) : column, key);
    if (is_new) continue;
    return RefuseTogether(config, key, first->second,
                          fmt::format("is {}, which {} names too; allowed: a column of its own",
                                      JsonString(column), first->second));
  }
  return {};
}

Result<void> CheckWorkerQueues(const Config& config) {
  for (const std::string& id : config.topology.worker_ids) {
    if (config.topology.WorkerQueueName(id).size() <= limits::kNameBytes) continue;
    return RefuseTogether(config, "topology.worker_queue", "topology.worker_ids",
                          "with a worker's id is longer than 255 bytes; allowed: less");
  }
  return {};
}

Result<void> CheckOverdue(const Config& config) {
  if (config.sweeper.overdue_after > config.topology.worker_ttl) return {};
  return RefuseTogether(
      config, "sweeper.overdue_after", "topology.worker_ttl",
      fmt::format(
          "is {}; allowed: more than topology.worker_ttl ({}), or the sweeper races the letters",
          FormatDurationMs(config.sweeper.overdue_after.count()),
          FormatDurationMs(config.topology.worker_ttl.count())));
}

// Whoever reaches an address that is not loopback is not yet somebody of ours.
Result<void> CheckListen(const Config& config) {
  if (IsLoopback(config.http.host) || config.tokens_file) return {};
  return Refuse(config, "http.listen",
                fmt::format("is {} without auth.tokens_file; allowed: a loopback address like "
                            "\"127.0.0.1:8025\", or tokens (`deadletter token new`)",
                            JsonString(FormatListenAddress(config.http.host, config.http.port))));
}

void WarnOfWhatIsNotUsed(Config& config) {
  for (const char* key : {"sweeper.mode", "sweeper.overdue_after", "retention.closed",
                          "retention.open", "executions.heartbeat"}) {
    if (!config.IsSet(key)) continue;
    config.warnings.push_back(fmt::format("{}: {} is set, but this version does not use it yet",
                                          Where(config, key), key));
  }
}

void WarnOfWhatIsOdd(Config& config) {
  if (!IsLoopback(config.http.host) && !config.http.tls_cert) {
    config.warnings.push_back(fmt::format(
        "{}: http.listen is not loopback and http.tls_cert is not set: tokens and letters go "
        "through the network in the clear, unless a proxy before it speaks TLS",
        Where(config, "http.listen")));
  }
  if (config.ledger.lock_timeout.count() >= limits::kServerDeadlockTimeoutMs) {
    config.warnings.push_back(
        fmt::format("{}: ledger.lock_timeout is {}; below the server's deadlock_timeout (1s unless "
                    "changed) it is us who give "
                    "way, else it may be the platform",
                    Where(config, "ledger.lock_timeout"),
                    FormatDurationMs(config.ledger.lock_timeout.count())));
  }
  if (!Contains(config.executions.final_statuses, config.executions.failed)) {
    config.warnings.push_back(Together(config, "executions.failed", "executions.final",
                                       fmt::format("is {}, which executions.final does not hold",
                                                   JsonString(config.executions.failed))));
  }
  const bool encrypted =
      !config.broker.urls.empty() && config.broker.urls.front().starts_with("amqps:");
  for (const char* key : {"broker.ca_file", "broker.cert_file"}) {
    if (encrypted || !config.IsSet(key)) continue;
    config.warnings.push_back(
        fmt::format("{}: {} is set, but broker.url is not amqps://", Where(config, key), key));
  }
}

}  // namespace

std::string_view PairName(Pair pair) {
  switch (pair) {
    case Pair::kEmbedded:
      return "embedded";
    case Pair::kServers:
      return "rabbitmq+postgresql";
  }
  return "";
}

Config DefaultConfig() {
  using std::chrono::milliseconds;
  Config config;
  config.data_dir = "./deadletter-data";
  config.ledger.schema = "deadletter";
  config.ledger.lock_timeout = milliseconds(limits::kLockTimeoutMs.initial);
  config.intake.batch_letters = limits::kBatchLetters.initial;
  config.intake.max_buffered_bytes = limits::kBufferedBytes.initial;
  config.topology.worker_ttl = milliseconds(limits::kWorkerTtlMs.initial);
  config.letter.max_body_bytes = limits::kBodyBytes.initial;
  config.events.exchange = "attune.executions";
  config.events.routing_key = "execution.completed";
  config.http.host = "127.0.0.1";
  config.http.port = static_cast<std::uint16_t>(limits::kHttpPort.initial);
  config.http.base_path = "/";
  config.http.requests_per_second = limits::kHttpRequestsPerSecond.initial;
  config.retention.closed = milliseconds(limits::kRetentionClosedMs.initial);
  config.retention.open = milliseconds(limits::kRetentionOpenMs.initial);
  return config;
}

Result<Config> CompleteConfig(Config config) {
  if (auto checked = CheckPair(config); !checked) return Unexpected<Error>(checked.error());
  config.pair = config.broker.urls.empty() ? Pair::kEmbedded : Pair::kServers;
  if (config.pair == Pair::kEmbedded) FillPaths(config);
  FillQueues(config);
  FillSweeper(config);
  config.letter.id_type = config.executions.id_type;
  config.letter.check_attempt = !config.executions.updated.empty();
  const auto no_tls_keys = [](const Config& all) {
    return CheckBoth(all, "http.tls_cert", "http.tls_key");
  };
  for (const auto& check : {std::function<Result<void>(const Config&)>(&CheckFilesDiffer),
                            {&CheckExchangeType},
                            {&CheckBrokerFiles},
                            {&CheckStatuses},
                            {&CheckColumns},
                            {&CheckWorkerQueues},
                            {no_tls_keys},
                            {&CheckListen},
                            {&CheckOverdue}}) {
    if (auto checked = check(config); !checked) return Unexpected<Error>(checked.error());
  }
  WarnOfWhatIsNotUsed(config);
  WarnOfWhatIsOdd(config);
  return config;
}

}  // namespace deadletter
