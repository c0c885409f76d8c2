#include "config/keys.h"

#include <algorithm>

#include "config/address_keys.h"
#include "config/field_reader.h"

namespace deadletter {
namespace {

using Keys = std::vector<Key<Config>>;
using limits::kNameBytes;

// The way from an owner, constant or not, to one of its fields.
#define FIELD(path) [](auto& owner) -> auto& { return owner.path; }

void AddBroker(Keys& keys) {
  keys.push_back(BrokerUrlKey());
  keys.push_back(Bind<Config>("broker.ca_file", Path(), FIELD(broker.ca_file)));
  keys.push_back(Bind<Config>("broker.cert_file", Path(), FIELD(broker.cert_file)));
  keys.push_back(Bind<Config>("broker.key_file", Path(), FIELD(broker.key_file)));
  keys.push_back(ManagementUrlKey());
}

void AddLedger(Keys& keys) {
  keys.push_back(LedgerUrlKey());
  keys.push_back(Bind<Config>("ledger.schema", SchemaName(), FIELD(ledger.schema)));
  keys.push_back(Bind<Config>("ledger.lock_timeout", Duration(limits::kLockTimeoutMs.range()),
                              FIELD(ledger.lock_timeout)));
  keys.push_back(Bind<Config>("ledger.auto_migrate", Boolean(), FIELD(ledger.auto_migrate)));
}

void AddIntake(Keys& keys) {
  keys.push_back(Bind<Config>("intake.batch_letters", WholeNumber(limits::kBatchLetters.range()),
                              FIELD(intake.batch_letters)));
  keys.push_back(Bind<Config>("intake.max_buffered_bytes", Size(limits::kBufferedBytes.range()),
                              FIELD(intake.max_buffered_bytes)));
}

void AddTopology(Keys& keys) {
  const auto types = Choice<std::string>(
      {{"topic", "topic"}, {"direct", "direct"}, {"fanout", "fanout"}, {"headers", "headers"}});
  keys.push_back(Bind<Config>("topology.dlx", BrokerName(), FIELD(topology.dlx)));
  keys.push_back(Bind<Config>("topology.dlx_type", types, FIELD(topology.dlx_type)));
  keys.push_back(Bind<Config>("topology.dlq", BrokerName(), FIELD(topology.dlq)));
  keys.push_back(
      Bind<Config>("topology.dlq_binding", Text(0, kNameBytes), FIELD(topology.dlq_binding)));
  keys.push_back(
      Bind<Config>("topology.unrouted_exchange", BrokerName(), FIELD(topology.unrouted_exchange)));
  keys.push_back(
      Bind<Config>("topology.unrouted_queue", BrokerName(), FIELD(topology.unrouted_queue)));
  keys.push_back(
      Bind<Config>("topology.dispatch_exchange", BrokerName(), FIELD(topology.dispatch_exchange)));
  keys.push_back(
      Bind<Config>("topology.worker_queue", WorkerQueueName(), FIELD(topology.worker_queue)));
  keys.push_back(Bind<Config>("topology.worker_ids", WorkerIds(), FIELD(topology.worker_ids)));
  keys.push_back(Bind<Config>("topology.worker_ttl", Duration(limits::kWorkerTtlMs.range()),
                              FIELD(topology.worker_ttl)));
}

void AddExecutions(Keys& keys) {
  const auto modes = Choice<ExecutionsMode>(
      {{"fail", ExecutionsMode::kFail}, {"observe", ExecutionsMode::kObserve}});
  const auto id_types = Choice<ExecutionIdType>({{"integer", ExecutionIdType::kInteger},
                                                 {"uuid", ExecutionIdType::kUuid},
                                                 {"text", ExecutionIdType::kText}});
  keys.push_back(Bind<Config>("executions.mode", modes, FIELD(executions_mode)));
  keys.push_back(Bind<Config>("executions.table", TableName(), FIELD(executions.table)));
  keys.push_back(Bind<Config>("executions.id", Column(), FIELD(executions.id)));
  keys.push_back(Bind<Config>("executions.id_type", id_types, FIELD(executions.id_type)));
  keys.push_back(Bind<Config>("executions.status", Column(), FIELD(executions.status)));
  keys.push_back(Bind<Config>("executions.result", OptionalColumn(), FIELD(executions.result)));
  keys.push_back(Bind<Config>("executions.error", OptionalColumn(), FIELD(executions.error)));
  keys.push_back(Bind<Config>("executions.updated", OptionalColumn(), FIELD(executions.updated)));
  keys.push_back(Bind<Config>("executions.finished", OptionalColumn(), FIELD(executions.finished)));
  keys.push_back(Bind<Config>("executions.worker", OptionalColumn(), FIELD(executions.worker)));
  keys.push_back(Bind<Config>("executions.action", OptionalColumn(), FIELD(executions.action)));
  keys.push_back(
      Bind<Config>("executions.action_ref", OptionalColumn(), FIELD(executions.action_ref)));
  keys.push_back(
      Bind<Config>("executions.heartbeat", OptionalColumn(), FIELD(executions.heartbeat)));
}

void AddStatuses(Keys& keys) {
  const auto status = Text(1, kNameBytes);
  const auto statuses = Texts({1, limits::kStatuses}, status);
  keys.push_back(Bind<Config>("executions.failable", statuses, FIELD(executions.failable)));
  keys.push_back(Bind<Config>("executions.failed", status, FIELD(executions.failed)));
  keys.push_back(Bind<Config>("executions.replay_status", status, FIELD(executions.replay_status)));
  keys.push_back(Bind<Config>("executions.final", statuses, FIELD(executions.final_statuses)));
}

Key<Config> ExecutionTypesKey() {
  const auto types = Texts({1, limits::kMessageTypes}, Text(1, kNameBytes));
  Key<Config> key;
  key.name = "letter.execution_types";
  key.allowed = types.allowed;
  key.is_list = true;
  key.read = [types](const RawValue& raw, Config& config) -> Result<void> {
    const auto read = types.read(raw);
    if (!read) return Unexpected<Error>(read.error());
    config.letter.execution_types = {read->begin(), read->end()};
    return {};
  };
  key.show = [](const Config& config) {
    const auto& shown = config.letter.execution_types;
    return ShowTexts({shown.begin(), shown.end()});
  };
  return key;
}

void AddLetter(Keys& keys) {
  keys.push_back(Bind<Config>("letter.type", Place(true), FIELD(letter.type)));
  keys.push_back(ExecutionTypesKey());
  keys.push_back(Bind<Config>("letter.execution_id", Place(false), FIELD(letter.execution_id)));
  keys.push_back(Bind<Config>("letter.worker_id", Place(true), FIELD(letter.worker_id)));
  keys.push_back(Bind<Config>("letter.attempt", Place(true), FIELD(letter.attempt)));
  keys.push_back(Bind<Config>("letter.action", Place(true), FIELD(letter.action)));
  keys.push_back(Bind<Config>("letter.message_id", Place(true), FIELD(letter.message_id)));
  keys.push_back(Bind<Config>("letter.max_body_bytes", Size(limits::kBodyBytes.range()),
                              FIELD(letter.max_body_bytes)));
}

void AddEvents(Keys& keys) {
  keys.push_back(Bind<Config>("events.enabled", Boolean(), FIELD(events.enabled)));
  keys.push_back(Bind<Config>("events.exchange", BrokerName(), FIELD(events.exchange)));
  keys.push_back(
      Bind<Config>("events.routing_key", Text(0, kNameBytes), FIELD(events.routing_key)));
}

void AddHttp(Keys& keys) {
  keys.push_back(ListenKey());
  keys.push_back(Bind<Config>("http.tls_cert", Path(), FIELD(http.tls_cert)));
  keys.push_back(Bind<Config>("http.tls_key", Path(), FIELD(http.tls_key)));
  keys.push_back(Bind<Config>("http.base_path", BasePath(), FIELD(http.base_path)));
  keys.push_back(Bind<Config>("http.requests_per_second",
                              WholeNumber(limits::kHttpRequestsPerSecond.range()),
                              FIELD(http.requests_per_second)));
  keys.push_back(Bind<Config>("auth.tokens_file", Path(), FIELD(tokens_file)));
}

void AddCare(Keys& keys) {
  const auto modes = Choice<SweeperMode>(
      {{"off", SweeperMode::kOff}, {"report", SweeperMode::kReport}, {"fail", SweeperMode::kFail}});
  keys.push_back(Bind<Config>("sweeper.mode", modes, FIELD(sweeper.mode)));
  keys.push_back(Bind<Config>("sweeper.overdue_after", Duration(limits::kOverdueAfterMs),
                              FIELD(sweeper.overdue_after)));
  keys.push_back(Bind<Config>("retention.closed", Duration(limits::kRetentionClosedMs.range()),
                              FIELD(retention.closed)));
  keys.push_back(Bind<Config>("retention.open", Duration(limits::kRetentionOpenMs.range()),
                              FIELD(retention.open)));
}

void AddLog(Keys& keys) {
  const auto formats = Choice<LogFormat>({{"text", LogFormat::kText}, {"json", LogFormat::kJson}});
  const auto levels = Choice<LogLevel>({{"debug", LogLevel::kDebug},
                                        {"info", LogLevel::kInfo},
                                        {"warning", LogLevel::kWarning},
                                        {"error", LogLevel::kError}});
  keys.push_back(Bind<Config>("log.format", formats, FIELD(log.format)));
  keys.push_back(Bind<Config>("log.level", levels, FIELD(log.level)));
}

Keys MakeConfigKeys() {
  Keys keys;
  keys.push_back(Bind<Config>("data_dir", Path(), FIELD(data_dir)));
  keys.push_back(Bind<Config>("redact", RedactedPlaces(), FIELD(redact)));
  AddBroker(keys);
  AddLedger(keys);
  AddIntake(keys);
  AddTopology(keys);
  AddExecutions(keys);
  AddStatuses(keys);
  AddLetter(keys);
  AddEvents(keys);
  AddHttp(keys);
  AddCare(keys);
  AddLog(keys);
  return keys;
}

std::vector<Key<QueueConfig>> MakeQueueKeys() {
  return {
      Bind<QueueConfig>("queue.name", BrokerName(), FIELD(name)),
      Bind<QueueConfig>("queue.consumer_tag", BrokerName(), FIELD(consumer_tag)),
      Bind<QueueConfig>("queue.prefetch", WholeNumber(limits::kPrefetchLetters), FIELD(prefetch)),
      Bind<QueueConfig>("queue.optional", Boolean(), FIELD(optional))};
}

std::vector<Key<Rule>> MakePolicyKeys() {
  const auto glob = Text(1, kNameBytes);
  const auto verdicts = Choice<VerdictKind>({{"fail", VerdictKind::kFail},
                                             {"retry", VerdictKind::kRetry},
                                             {"park", VerdictKind::kPark},
                                             {"discard", VerdictKind::kDiscard}});
  const auto targets =
      Choice<RetryTarget>({{"origin", RetryTarget::kOrigin}, {"queue", RetryTarget::kQueue}});
  using namespace limits;
  return {
      Bind<Rule>("policy.name", Text(1, kNameBytes), FIELD(name)),
      Bind<Rule>("policy.match.reason", Reasons(), FIELD(match.reasons)),
      Bind<Rule>("policy.match.queue", glob, FIELD(match.queue)),
      Bind<Rule>("policy.match.action", glob, FIELD(match.action)),
      Bind<Rule>("policy.match.type", glob, FIELD(match.type)),
      Bind<Rule>("policy.match.deaths_below", WholeNumber(kRuleDeathsBelow),
                 FIELD(match.deaths_below)),
      Bind<Rule>("policy.match.younger_than", Duration(kRuleYoungerThanMs),
                 FIELD(match.younger_than)),
      Bind<Rule>("policy.verdict", verdicts, FIELD(verdict)),
      Bind<Rule>("policy.retry.delay", Duration(kRetryDelayMs), FIELD(retry.delay)),
      Bind<Rule>("policy.retry.factor", Number(kRetryFactor), FIELD(retry.factor)),
      Bind<Rule>("policy.retry.max_delay", Duration(kRetryMaxDelayMs), FIELD(retry.max_delay)),
      Bind<Rule>("policy.retry.jitter", Number(kRetryJitter), FIELD(retry.jitter)),
      Bind<Rule>("policy.retry.max_attempts", WholeNumber(kRetryAttempts),
                 FIELD(retry.max_attempts)),
      Bind<Rule>("policy.retry.to", targets, FIELD(retry.to)),
  };
}

#undef FIELD

}  // namespace

const Keys& ConfigKeys() {
  static const Keys keys = MakeConfigKeys();
  return keys;
}

const std::vector<Key<QueueConfig>>& QueueKeys() {
  static const std::vector<Key<QueueConfig>> keys = MakeQueueKeys();
  return keys;
}

const std::vector<Key<Rule>>& PolicyKeys() {
  static const std::vector<Key<Rule>> keys = MakePolicyKeys();
  return keys;
}

std::string VariableName(const std::string& key) {
  std::string name = "DEADLETTER_" + key;
  std::transform(name.begin(), name.end(), name.begin(), [](char c) {
    if (c == '.') return '_';
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return name;
}

}  // namespace deadletter
