#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/config_test_support.h"
#include "config/keys.h"

namespace deadletter {
namespace {

using namespace std::chrono_literals;
using test::ConfigLoader;
using test::ErrorOf;
using test::Loaded;
using test::LoadedFrom;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

TEST(Load, NoFileAtAllIsTheEmbeddedDefault) {
  const Config config = Loaded(ConfigLoader());
  EXPECT_EQ(config.pair, Pair::kEmbedded);
  EXPECT_EQ(config.broker.path, "./deadletter-data/queues.sqlite3");
  EXPECT_EQ(config.ledger.path, "./deadletter-data/ledger.sqlite3");
  EXPECT_FALSE(config.file);
  EXPECT_THAT(config.origins, IsEmpty());
  EXPECT_THAT(config.warnings, IsEmpty());
}

TEST(Load, DefaultsAreTheDocumentedOnes) {
  const Config config = Loaded(ConfigLoader());
  ASSERT_THAT(config.queues, SizeIs(2));
  EXPECT_EQ(config.queues[0].name, "attune.dlx.queue");
  EXPECT_FALSE(config.queues[0].optional);
  EXPECT_EQ(config.queues[1].name, "attune.dlx.unrouted.queue");
  EXPECT_TRUE(config.queues[1].optional);
  EXPECT_EQ(config.queues[0].consumer_tag, "executor.dlq");
  EXPECT_EQ(config.queues[0].prefetch, 2000u);
  EXPECT_EQ(config.intake.batch_letters, 1000u);
  EXPECT_EQ(config.intake.max_buffered_bytes, 64u << 20);
  EXPECT_EQ(config.ledger.lock_timeout, 300ms);
  EXPECT_EQ(config.ledger.schema, "deadletter");
  EXPECT_TRUE(config.ledger.auto_migrate);
  EXPECT_EQ(config.http.host, "127.0.0.1");
  EXPECT_EQ(config.http.port, 8025);
  EXPECT_EQ(config.sweeper.overdue_after, 6min);
  EXPECT_EQ(config.retention.closed, 24h * 30);
  EXPECT_EQ(config.retention.open, 24h * 365);
  EXPECT_EQ(config.executions_mode, ExecutionsMode::kFail);
  EXPECT_EQ(config.letter.max_body_bytes, 16u << 20);
  EXPECT_TRUE(config.letter.check_attempt);
  EXPECT_FALSE(config.log.format);
  EXPECT_THAT(config.topology.dead_letter_queues,
              ElementsAre("attune.dlx.queue", "attune.dlx.unrouted.queue"));
  EXPECT_THAT(config.topology.consumer_tags, ElementsAre("executor.dlq"));
}

TEST(Load, EveryKeyReachesItsField) {
  const Config config = LoadedFrom(R"(
data_dir = "/var/lib/deadletter"
redact = ["/payload/*/password"]
[broker]
url = ["amqps://u:p@a:5671/v%2Fh", "amqps://b"]
management_url = "http://guest:guest@a:15672"
[ledger]
url = "postgresql://u:p@db:5432,db2/platform?sslmode=require"
schema = "dead_letters"
lock_timeout = "250 ms"
auto_migrate = false
[[queue]]
name = "one"
consumer_tag = "tag"
prefetch = 7
optional = true
[[queue]]
name = "two"
[intake]
batch_letters = 50
max_buffered_bytes = "2 MiB"
[topology]
dlx = "x"
dlx_type = "direct"
dlq = "x.q"
dlq_binding = "a.#"
unrouted_exchange = "x.u"
unrouted_queue = "x.u.q"
dispatch_exchange = "d"
worker_queue = "w-{id}"
worker_ids = [7, "eight"]
worker_ttl = "90s"
[executions]
mode = "observe"
table = "platform.jobs"
id = "job"
id_type = "uuid"
status = "state"
result = "outcome"
error = "why"
updated = ""
finished = "ended"
worker = "w"
action = "a"
action_ref = "r"
heartbeat = "h"
failable = ["queued"]
failed = "dead"
replay_status = "queued"
final = ["done", "dead"]
[letter]
type = ""
execution_types = ["Job", "Task"]
execution_id = "/id"
worker_id = "header:worker"
attempt = "property:timestamp"
action = "/a~1b/c~0d"
message_id = "property:message_id"
max_body_bytes = "1MiB"
[events]
enabled = false
exchange = "e"
routing_key = "k"
[http]
listen = "[::1]:0"
base_path = "/dead"
[log]
format = "json"
level = "debug"
)");
  EXPECT_EQ(config.pair, Pair::kServers);
  EXPECT_THAT(config.broker.urls, ElementsAre("amqps://u:p@a:5671/v%2Fh", "amqps://b"));
  EXPECT_EQ(config.broker.management_url, "http://guest:guest@a:15672");
  EXPECT_EQ(config.ledger.url, "postgresql://u:p@db:5432,db2/platform?sslmode=require");
  EXPECT_EQ(config.ledger.schema, "dead_letters");
  EXPECT_EQ(config.ledger.lock_timeout, 250ms);
  EXPECT_FALSE(config.ledger.auto_migrate);
  EXPECT_EQ(config.data_dir, "/var/lib/deadletter");
  ASSERT_THAT(config.queues, SizeIs(2));
  EXPECT_EQ(config.queues[0].consumer_tag, "tag");
  EXPECT_EQ(config.queues[0].prefetch, 7u);
  EXPECT_TRUE(config.queues[0].optional);
  EXPECT_EQ(config.queues[1].prefetch, 100u);
  EXPECT_THAT(config.topology.consumer_tags, ElementsAre("tag", "executor.dlq"));
  EXPECT_EQ(config.intake.max_buffered_bytes, 2u << 20);
  EXPECT_EQ(config.topology.dlx_type, "direct");
  EXPECT_EQ(config.topology.dlq_binding, "a.#");
  EXPECT_EQ(config.topology.unrouted_exchange, "x.u");
  EXPECT_EQ(config.topology.dispatch_exchange, "d");
  EXPECT_THAT(config.topology.worker_ids, ElementsAre("7", "eight"));
  EXPECT_EQ(config.topology.worker_ttl, 90s);
  EXPECT_EQ(config.executions_mode, ExecutionsMode::kObserve);
  EXPECT_EQ(config.executions.table, "platform.jobs");
  EXPECT_EQ(config.executions.id_type, ExecutionIdType::kUuid);
  EXPECT_EQ(config.letter.id_type, ExecutionIdType::kUuid);
  EXPECT_EQ(config.executions.error, "why");
  EXPECT_EQ(config.executions.updated, "");
  EXPECT_FALSE(config.letter.check_attempt);
  EXPECT_THAT(config.executions.final_statuses, ElementsAre("done", "dead"));
  EXPECT_TRUE(config.letter.type.IsNone());
  EXPECT_THAT(config.letter.execution_types, ElementsAre("Job", "Task"));
  EXPECT_EQ(config.letter.worker_id.place, decltype(FieldPlace::place)(HeaderPlace{"worker"}));
  EXPECT_EQ(config.letter.action.place, decltype(FieldPlace::place)(JsonPointer{{"a/b", "c~d"}}));
  EXPECT_EQ(config.letter.max_body_bytes, 1u << 20);
  EXPECT_FALSE(config.events.enabled);
  EXPECT_EQ(config.events.routing_key, "k");
  EXPECT_EQ(config.http.host, "::1");
  EXPECT_EQ(config.http.port, 0);
  EXPECT_EQ(config.http.base_path, "/dead");
  EXPECT_EQ(config.log.format, LogFormat::kJson);
  EXPECT_EQ(config.log.level, LogLevel::kDebug);
  EXPECT_EQ(config.sweeper.overdue_after, 150s);
}

TEST(Load, ARuleIsReadWhole) {
  const Config config = LoadedFrom(R"(
[[policy]]
name    = "a worker restart is no failure"
match   = { reason = ["expired"], queue = "worker.*", action = "core.*", deaths_below = 4, younger_than = "1h" }
verdict = "retry"
retry   = { delay = "10s", factor = 2, max_delay = "5m", jitter = 0.5, max_attempts = 4, to = "queue" }
[[policy]]
name = "everything else of that type"
match = { type = "Probe" }
verdict = "discard"
)");
  ASSERT_THAT(config.policies, SizeIs(2));
  const Rule& rule = config.policies[0];
  EXPECT_EQ(rule.name, "a worker restart is no failure");
  EXPECT_THAT(rule.match.reasons, ElementsAre(Reason::kExpired));
  EXPECT_EQ(rule.match.queue, "worker.*");
  EXPECT_EQ(rule.match.action, "core.*");
  EXPECT_FALSE(rule.match.type);
  EXPECT_EQ(rule.match.deaths_below, 4);
  EXPECT_EQ(rule.match.younger_than, 1h);
  EXPECT_EQ(rule.verdict, VerdictKind::kRetry);
  EXPECT_EQ(rule.retry.delay, 10s);
  EXPECT_EQ(rule.retry.factor, 2.0);
  EXPECT_EQ(rule.retry.max_delay, 5min);
  EXPECT_EQ(rule.retry.jitter, 0.5);
  EXPECT_EQ(rule.retry.max_attempts, 4);
  EXPECT_EQ(rule.retry.to, RetryTarget::kQueue);
  EXPECT_EQ(config.policies[1].verdict, VerdictKind::kDiscard);
}

TEST(Load, FlagsBeatTheEnvironmentWhichBeatsTheFileWhichBeatsTheDefault) {
  ConfigLoader loader;
  loader.File("[log]\nlevel = 'error'\n");
  EXPECT_EQ(Loaded(loader).log.level, LogLevel::kError);
  EXPECT_EQ(loader.Shortened(Loaded(loader).origins.at("log.level")), "DIR/deadletter.toml:2");
  loader.sources.environment["DEADLETTER_LOG_LEVEL"] = "warning";
  EXPECT_EQ(Loaded(loader).log.level, LogLevel::kWarning);
  EXPECT_EQ(Loaded(loader).origins.at("log.level"), "DEADLETTER_LOG_LEVEL");
  loader.sources.flags["log.level"] = {"--log-level", "debug"};
  EXPECT_EQ(Loaded(loader).log.level, LogLevel::kDebug);
  EXPECT_EQ(Loaded(loader).origins.at("log.level"), "--log-level");
}

TEST(Load, AWrongValueInTheFileIsAnErrorAlsoWhereItIsOverridden) {
  ConfigLoader loader;
  loader.File("[log]\nlevel = 'loud'\n");
  loader.sources.environment["DEADLETTER_LOG_LEVEL"] = "warning";
  EXPECT_THAT(loader.LoadError(),
              StartsWith("DIR/deadletter.toml:2: log.level is \"loud\"; allowed: "));
}

TEST(Load, FilesAreFoundInTheDocumentedOrder) {
  ConfigLoader loader;
  loader.Write("system.toml", "data_dir = 'system'\n");
  EXPECT_EQ(Loaded(loader).data_dir, "system");
  loader.File("data_dir = 'working'\n");
  EXPECT_EQ(Loaded(loader).data_dir, "working");
  loader.Write("variable.toml", "data_dir = 'variable'\n");
  loader.sources.environment["DEADLETTER_CONFIG"] = loader.PathOf("variable.toml");
  EXPECT_EQ(Loaded(loader).data_dir, "variable");
  loader.Write("flag.toml", "data_dir = 'flag'\n");
  loader.sources.config_path = loader.PathOf("flag.toml");
  EXPECT_EQ(Loaded(loader).data_dir, "flag");
  EXPECT_EQ(Loaded(loader).file, loader.PathOf("flag.toml"));
}

TEST(Load, AFileThatWasAskedForMustBeThere) {
  ConfigLoader loader;
  loader.sources.config_path = loader.PathOf("lost.toml");
  EXPECT_EQ(loader.LoadError(), "cannot read DIR/lost.toml: No such file or directory");
  loader.sources.config_path = std::nullopt;
  loader.sources.environment["DEADLETTER_CONFIG"] = loader.PathOf("lost.toml");
  EXPECT_EQ(loader.LoadError(), "cannot read DIR/lost.toml: No such file or directory");
  loader.sources.environment["DEADLETTER_CONFIG"] = loader.PathOf("");
  EXPECT_THAT(loader.LoadError(), HasSubstr("Is a directory"));
}

TEST(Load, AFileThatIsNotTomlNamesItsLine) {
  EXPECT_THAT(ErrorOf("[log]\nlevel = \n"), StartsWith("DIR/deadletter.toml:2: not TOML: "));
  EXPECT_THAT(ErrorOf("[log]\nlevel = 'info'\nlevel = 'info'\n"),
              StartsWith("DIR/deadletter.toml:3: not TOML: "));
  EXPECT_THAT(ErrorOf("\xff\xfe"), HasSubstr("not TOML"));
  EXPECT_THAT(ErrorOf(std::string(2 << 20, '#')), HasSubstr("is larger than 1048576 bytes"));
}

TEST(Load, AnUnknownKeyNamesTheKnownOnes) {
  EXPECT_EQ(
      ErrorOf("[broker]\nuri = 'x'\n"),
      "DIR/deadletter.toml:2: broker.uri is no key; allowed here: ca_file, cert_file, key_file, "
      "management_url, url");
  EXPECT_THAT(ErrorOf("dir = 'x'\n"),
              AllOf(StartsWith("DIR/deadletter.toml:1: dir is no key; allowed here: "),
                    HasSubstr("[broker]"), HasSubstr("[[queue]]"), HasSubstr("data_dir")));
  EXPECT_THAT(ErrorOf("[brokr]\nurl = 'x'\n"),
              StartsWith("DIR/deadletter.toml:1: brokr is no key; allowed here: "));
  EXPECT_THAT(ErrorOf("[brokr]\n"), HasSubstr("brokr is no key"));
  EXPECT_THAT(ErrorOf("'broker.url' = 'embedded:'\n"), HasSubstr("\"broker.url\" is no key"));
  EXPECT_EQ(ErrorOf("[[queue]]\nname = 'q'\nttl = 5\n"),
            "DIR/deadletter.toml:3: queue.ttl is no key; allowed here: consumer_tag, name, "
            "optional, prefetch");
  EXPECT_THAT(
      ErrorOf("[[policy]]\nmatch = { reson = ['expired'] }\n"),
      HasSubstr(
          "policy.match.reson is no key; allowed here: action, deaths_below, queue, reason, type, "
          "younger_than"));
}

TEST(Load, TheFirstErrorIsTheFirstOfTheFile) {
  EXPECT_THAT(ErrorOf("[log]\nlevel = 'x'\nformat = 'x'\n[broker]\nurl = 'x'\n"),
              HasSubstr(":2: log.level"));
}

TEST(Load, ASectionThatIsNoneIsAnError) {
  EXPECT_EQ(ErrorOf("log = 5\n"),
            "DIR/deadletter.toml:1: log is 5; allowed: a section with the keys format, level");
  EXPECT_THAT(ErrorOf("[queue]\nname = 'q'\n"),
              HasSubstr(":1: queue is a section; allowed: 1 to 64 sections [[queue]]"));
  EXPECT_THAT(ErrorOf("queue = []\n"),
              HasSubstr("queue is a list of 0 items; allowed: 1 to 64 sections [[queue]]"));
  EXPECT_THAT(ErrorOf("policy = [5]\n"), HasSubstr("policy is a list of 1 items; allowed"));
  EXPECT_THAT(ErrorOf("[[policy]]\nname = 'p'\nverdict = 'fail'\nmatch = 5\n"),
              HasSubstr(":4: policy.match is 5; allowed: a section with the keys action"));
}

TEST(Load, QueuesNeedNamesThatDiffer) {
  EXPECT_EQ(ErrorOf("[[queue]]\nprefetch = 5\n"),
            "DIR/deadletter.toml:1: queue.name is missing; allowed: a name of 1 to 255 bytes");
  EXPECT_EQ(
      ErrorOf("[[queue]]\nname = 'q'\n[[queue]]\nname = 'q'\n"),
      "DIR/deadletter.toml:4: queue.name is \"q\", which is there twice; allowed: different names");
}

TEST(Load, RulesNeedANameAVerdictAndSense) {
  EXPECT_THAT(ErrorOf("[[policy]]\nverdict = 'fail'\n"),
              HasSubstr(":1: policy.name is missing; allowed: "));
  EXPECT_THAT(ErrorOf("[[policy]]\nname = 'p'\n"),
              HasSubstr(":1: policy.verdict is missing; allowed: \"fail\""));
  EXPECT_THAT(
      ErrorOf("[[policy]]\nname='p'\nverdict='fail'\n[[policy]]\nname='p'\nverdict='fail'\n"),
      HasSubstr(":5: policy.name is \"p\", which is there twice"));
  EXPECT_THAT(ErrorOf("[[policy]]\nname='p'\nverdict='park'\nretry={ delay='1s' }\n"),
              HasSubstr(":4: policy.retry.delay is set for another verdict"));
  EXPECT_THAT(ErrorOf("[[policy]]\nname='p'\nverdict='retry'\nretry={ delay='10m' }\n"),
              HasSubstr(":4: policy.retry.delay: the delay (10m) is longer than max_delay (5m)"));
  EXPECT_THAT(
      ErrorOf("[[policy]]\nname='p'\nverdict='retry'\nretry={ max_delay='1s' }\n"),
      HasSubstr(":4: policy.retry.max_delay: the delay (10s) is longer than max_delay (1s)"));
}

TEST(Load, SeveralNodesInTheEnvironmentHaveSpacesBetween) {
  ConfigLoader loader;
  loader.sources.environment = {
      {"DEADLETTER_BROKER_URL", "amqp://a amqp://b"},
      {"DEADLETTER_LEDGER_URL", "postgresql:///platform?host=/run/postgresql"}};
  EXPECT_THAT(Loaded(loader).broker.urls, ElementsAre("amqp://a", "amqp://b"));
}

TEST(Load, UrlsThatTheClientsTakeAreTaken) {
  for (const char* url :
       {"amqp://h", "amqp://u@h", "amqp://u:p%40ss@h:5672/%2F", "amqp://[::1]:5672/vhost",
        "amqp://h/", "amqps://u:@h", "amqp://my_host-1.example.org"}) {
    ConfigLoader loader;
    loader.sources.environment = {{"DEADLETTER_BROKER_URL", url},
                                  {"DEADLETTER_LEDGER_URL", "postgresql://"}};
    EXPECT_THAT(Loaded(loader).broker.urls, ElementsAre(url));
  }
  for (const char* url : {"postgresql://", "postgres://h",
                          "postgresql://u:p@h:5432/d?sslmode=verify-full&application_name=y",
                          "postgresql://%2Frun%2Fpostgresql/d", "postgresql://a:1,b,[::1]:3/d",
                          "postgresql://:5433/d", "postgresql:///d?host=/run&password=x",
                          "postgresql://h/d?password=x@y"}) {
    ConfigLoader loader;
    loader.sources.environment = {{"DEADLETTER_BROKER_URL", "amqp://h"},
                                  {"DEADLETTER_LEDGER_URL", url}};
    EXPECT_EQ(Loaded(loader).ledger.url, url);
  }
}

TEST(Load, AScalarKeyIsReadFromAFileWithoutItsNewline) {
  for (const char* text : {"amqp://u:secret@h", "amqp://u:secret@h\n", "amqp://u:secret@h\r\n"}) {
    ConfigLoader loader;
    loader.Write("secret", text);
    loader.sources.environment = {{"DEADLETTER_BROKER_URL_FILE", loader.PathOf("secret")},
                                  {"DEADLETTER_LEDGER_URL", "postgresql://"}};
    EXPECT_THAT(Loaded(loader).broker.urls, ElementsAre("amqp://u:secret@h"));
    EXPECT_EQ(Loaded(loader).origins.at("broker.url"), "DEADLETTER_BROKER_URL_FILE");
  }
}

TEST(Load, ASecretFileMustBeReadableAndAlone) {
  ConfigLoader loader;
  loader.sources.environment["DEADLETTER_LEDGER_URL_FILE"] = loader.PathOf("lost");
  EXPECT_EQ(loader.LoadError(),
            "DEADLETTER_LEDGER_URL_FILE: ledger.url cannot read DIR/lost: No such file or "
            "directory; allowed: the path "
            "of a readable file that holds the value");
  loader.Write("lost", std::string(70'000, 'x'));
  EXPECT_THAT(loader.LoadError(), HasSubstr("is larger than 65536 bytes"));
  loader.sources.environment["DEADLETTER_LEDGER_URL"] = "sqlite:";
  EXPECT_EQ(
      loader.LoadError(),
      "DEADLETTER_LEDGER_URL_FILE: DEADLETTER_LEDGER_URL is set too; allowed: one of the two");
}

TEST(Load, KeysThatEndInFileAreNoSecretsOfAnotherKey) {
  ConfigLoader loader;
  loader.Write("ca.pem", "");
  loader.sources.environment = {{"DEADLETTER_BROKER_CA_FILE", loader.PathOf("ca.pem")},
                                {"DEADLETTER_BROKER_URL", "amqps://h"},
                                {"DEADLETTER_LEDGER_URL", "postgresql://"}};
  EXPECT_EQ(Loaded(loader).broker.ca_file, loader.PathOf("ca.pem"));
}

TEST(Load, NoTwoKeysShareAVariable) {
  std::set<std::string> names = {"DEADLETTER_CONFIG", "DEADLETTER_SERVER", "DEADLETTER_TOKEN",
                                 "DEADLETTER_FAULT", "DEADLETTER_FAULT_FILE"};
  for (const Key<Config>& key : ConfigKeys()) {
    EXPECT_TRUE(names.insert(VariableName(key.name)).second) << key.name;
    EXPECT_TRUE(names.insert(VariableName(key.name) + "_FILE").second) << key.name;
  }
}

TEST(Load, AVariableThatSetsNoKeyIsAWarning) {
  ConfigLoader loader;
  loader.sources.environment = {
      {"DEADLETTER_BROKER_URI", "x"}, {"DEADLETTER_SERVER", "x"},
      {"DEADLETTER_TOKEN", "x"},      {"DEADLETTER_FAULT", "x"},
      {"DEADLETTER_FAULT_FILE", "x"}, {"DEADLETTER_EXECUTIONS_FINAL", "a b"},
      {"DEADLETTER_\x1B[2J\n", "x"},  {"HOME", "/"}};
  EXPECT_THAT(Loaded(loader).warnings,
              ElementsAre(StartsWith("\"DEADLETTER_\\u001b[2J\\n\": no key that"),
                          StartsWith("DEADLETTER_BROKER_URI: no key that the environment can"),
                          StartsWith("DEADLETTER_EXECUTIONS_FINAL: no key that")));
}

TEST(Load, WithoutPlacesToLookNoFileIsRead) {
  ConfigLoader loader;
  loader.File("data_dir = 'found'\n");
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(loader.PathOf(""));
  loader.sources.working_dir.clear();
  loader.sources.system_file.clear();
  EXPECT_FALSE(Loaded(loader).file);
  std::filesystem::current_path(before);
}

TEST(Load, AFlagCannotSetAList) {
  ConfigLoader loader;
  loader.sources.flags["redact"] = {"--redact", "/a"};
  EXPECT_EQ(loader.LoadError(), "--redact: redact is a list; allowed: only in the file");
}

TEST(Load, AFlagForNoKeyIsAnError) {
  ConfigLoader loader;
  loader.sources.flags["no.key"] = {"--no-key", "x"};
  EXPECT_EQ(loader.LoadError(), "--no-key: no.key is no key");
}

}  // namespace
}  // namespace deadletter
