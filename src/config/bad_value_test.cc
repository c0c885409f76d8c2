// Bad configuration: every key, wrong in every way, gives one clear line.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "config/config_test_support.h"
#include "config/keys.h"

namespace deadletter {
namespace {

using test::ConfigLoader;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

struct AnyKey {
  std::string name;
  std::string allowed;
  bool is_list = false;
  bool is_secret = false;
};

std::vector<AnyKey> AllKeys() {
  std::vector<AnyKey> all;
  const auto add = [&all](const auto& keys) {
    for (const auto& key : keys) all.push_back({key.name, key.allowed, key.is_list, key.is_secret});
  };
  add(ConfigKeys());
  add(QueueKeys());
  add(PolicyKeys());
  return all;
}

const AnyKey& KeyNamed(const std::string& name) {
  static const std::vector<AnyKey> all = AllKeys();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const AnyKey& key) { return key.name == name; });
  if (found == all.end()) throw std::invalid_argument("no key is called " + name);
  return *found;
}

// A file whose only fault can be this value, which stands in line 5.
std::string FileWith(const std::string& key, const std::string& value) {
  const size_t dot = key.rfind('.');
  const std::string name = key.substr(dot == std::string::npos ? 0 : dot + 1);
  const std::string last = name + " = " + value + "\n";
  if (dot == std::string::npos) return "#\n#\n#\n#\n" + last;
  const std::string section = key.substr(0, dot);
  if (section == "queue") {
    return "#\n#\n[[queue]]\n" + std::string(name == "name" ? "#" : "name = 'q'") + "\n" + last;
  }
  if (!section.starts_with("policy")) return "#\n#\n#\n[" + section + "]\n" + last;
  if (section != "policy") {
    return "[[policy]]\nname = 'p'\nverdict = 'retry'\n[" + section + "]\n" + last;
  }
  return "#\n#\n[[policy]]\n" + std::string(name == "name" ? "verdict = 'fail'" : "name = 'p'") +
         "\n" + last;
}

void ExpectOneClearLine(const std::string& message, const std::string& origin, const AnyKey& key) {
  EXPECT_THAT(message, StartsWith(origin + ": " + key.name + " is "));
  EXPECT_THAT(message, testing::EndsWith("; allowed: " + key.allowed));
  EXPECT_EQ(message.find('\n'), std::string::npos);
  EXPECT_LT(message.size(), 700u);
}

std::string MessageFor(const std::string& key, const std::string& value) {
  return ConfigLoader().File(FileWith(key, value)).LoadError();
}

struct BadValue {
  std::string key;
  std::string value;  // as TOML
};

std::string Long(size_t bytes) {
  return "'" + std::string(bytes, 'x') + "'";
}

std::vector<BadValue> BadValues() {
  std::vector<BadValue> bad;
  const auto add = [&bad](const std::string& key, std::initializer_list<std::string> values) {
    for (const std::string& value : values) bad.push_back({key, value});
  };
  const auto add_each = [&add](std::initializer_list<std::string> keys,
                               std::initializer_list<std::string> values) {
    for (const std::string& key : keys) add(key, values);
  };

  add_each({"data_dir", "broker.ca_file", "broker.cert_file", "broker.key_file", "http.tls_cert",
            "http.tls_key", "auth.tokens_file"},
           {"''", Long(4096), "7", "[]", "['a']"});
  add("broker.url", {"''",
                     "'embedded'",
                     "'http://a'",
                     "'embedded::memory:'",
                     "'embedded:folder/'",
                     "'amqp:'",
                     "'amqp://'",
                     "'amqp:///vhost'",
                     "'amqp://host:0'",
                     "'amqp://host:65536'",
                     "'amqp://host:port'",
                     "'amqp://host:'",
                     "'amqp://user@:5672'",
                     "'amqp://u:p@ss@host'",
                     "'amqp://u:p:w@host'",
                     "'amqp://:p@host'",
                     "'amqp://@host'",
                     "'amqp://host/a/b'",
                     "'amqp://host/a:b'",
                     "'amqp://host?heartbeat=5'",
                     "'amqp://host#x'",
                     "'amqp://ho st'",
                     "'amqp://hößt'",
                     "'amqp://host/%zz'",
                     "'amqp://host/%4'",
                     "'amqp://host/%00'",
                     "'amqp://[::1'",
                     "'amqp://[::g]'",
                     "'amqp://[::1]5672'",
                     "'amqp://a,b'",
                     "'AMQP://host'",
                     "[]",
                     "[1]",
                     "['amqp://a', 5]",
                     "['amqp://a', 'amqps://b']",
                     "['amqp://a', 'embedded:']",
                     "['embedded:', 'embedded:']",
                     "['amqp://a', 'postgresql://b']",
                     "'amqp://a amqp://b'",
                     "5",
                     "true",
                     Long(8193)});
  add("broker.management_url",
      {"''", "'host:15672'", "'ftp://host'", "'http://'", "'http://host:0'", "'http://host:x'",
       "'http://u:p@'", "'http://host?a=b'", "'http://host/a@b'", "'http://u:p@q@host'", "5"});
  add("ledger.url", {"''",
                     "'sqlite'",
                     "'sqlite::memory:'",
                     "'sqlite:folder/'",
                     "'mysql://host'",
                     "'host=db password=x'",
                     "'postgresql:'",
                     "'postgresql://host:0/db'",
                     "'postgresql://host:x/db'",
                     "'postgresql://u:p@q@host/db'",
                     "'postgresql://:p@host/db'",
                     "'postgresql://host/a/b'",
                     "'postgresql://host/a@b'",
                     "'postgresql://host/db?sslmode'",
                     "'postgresql://host/db?sslmode=maybe'",
                     "'postgresql://host/db?sslmod=disable'",
                     "'postgresql://host/db?connect_timeout=abc'",
                     "'postgresql://host/db?=x'",
                     "'postgresql://host/db?pass%77ord=x'",
                     "'postgresql://host/db#x'",
                     "'postgresql://host/d b'",
                     "'postgresql://host/%'",
                     "'postgresql://host/%00'",
                     "'postgresql://host/db?ssl=yes'",
                     "'postgresql://host/db?options=a=b'",
                     "'postgresql://host?options=a@b'",
                     "'postgresql://a:5432,b:x/db'",
                     "'postgresql://:x/db'",
                     "['postgresql://host']",
                     "5",
                     Long(8193)});
  add("ledger.schema", {"''", "'Big'", "'1st'", "'pg_own'", "'a.b'", "'a-b'", "'a\"b'", "'ü'",
                        Long(64), "5", "['a']"});
  add("ledger.lock_timeout", {"'0ms'",
                              "0",
                              "'0'",
                              "'61s'",
                              "'2m'",
                              "300",
                              "300.0",
                              "'300'",
                              "'ms'",
                              "''",
                              "'-1s'",
                              "'+1s'",
                              "'1.5s'",
                              "'1 week'",
                              "'1S'",
                              "'1s '",
                              "' 1s'",
                              "'1  s'",
                              "'1m30s'",
                              "'99999999999999999999s'",
                              "'9223372036854775807d'",
                              "['1s']",
                              "true"});
  add_each({"ledger.auto_migrate", "events.enabled", "queue.optional"},
           {"1", "0", "'true'", "'yes'", "[]", "1.0"});
  add("intake.batch_letters",
      {"0", "-1", "10001", "9223372036854775807", "1.0", "'1000'", "true", "[]"});
  add("intake.max_buffered_bytes",
      {"'1023KiB'", "'513MiB'", "'5GiB'", "67108864", "0", "'64MB'", "'64'", "'MiB'", "'64mib'",
       "'-1MiB'", "'1.5GiB'", "'9999999999999999999GiB'", "'9007199254740993GiB'", "true"});
  add("topology.dlx_type", {"'Topic'", "''", "'x-delayed-message'", "5", "[]"});
  add_each({"topology.dlx", "topology.dlq", "topology.unrouted_exchange", "topology.unrouted_queue",
            "topology.dispatch_exchange", "events.exchange", "queue.name", "queue.consumer_tag"},
           {"''", Long(256), "5", "['a']", "'a\tb'"});
  add_each({"topology.dlq_binding", "events.routing_key"}, {Long(256), "5", "['#']"});
  add("topology.worker_queue",
      {"''", "'worker'", "'worker.{ID}'", "'{id}" + std::string(255, 'x') + "'", "5"});
  add("topology.worker_ids", {"'7'", "7", "[true]", "[1.5]", "['']", "['a', 'a']", "[7, '7']",
                              "[[7]]", "[" + Long(101) + "]"});
  add("topology.worker_ttl", {"'0s'", "0", "300", "'46d'", "'5'", "'five minutes'", "true"});
  add("executions.mode", {"'Fail'", "''", "'off'", "true", "5"});
  add("executions.table", {"''", "'a.b.c'", "'.a'", "'a.'", "'.'", Long(64), "5"});
  add_each({"executions.id", "executions.status"}, {"''", Long(64), "5", "['id']"});
  add("executions.id_type", {"'int'", "'UUID'", "''", "5"});
  add_each(
      {"executions.result", "executions.error", "executions.updated", "executions.finished",
       "executions.worker", "executions.action", "executions.action_ref", "executions.heartbeat"},
      {Long(64), "5", "false", "['a']", "'a\tb'"});
  add_each({"executions.failable", "executions.final"},
           {"'scheduled'", "[]", "['']", "[1]", "['a', 'a']", "[" + Long(256) + "]", "[['a']]"});
  add_each({"executions.failed", "executions.replay_status"}, {"''", "5", "['failed']", Long(256)});
  add_each(
      {"letter.type", "letter.worker_id", "letter.attempt", "letter.action", "letter.message_id"},
      {"'message_type'", "'/a~2'", "'/a~'", "'header:'", "'property:'", "'property:nonsense'",
       "'Header:x'", "5", "['/a']", Long(1025)});
  add("letter.execution_id",
      {"''", "'execution_id'", "'/a~'", "'header:'", "'property:nonsense'", "5"});
  add("letter.execution_types", {"'A'", "[]", "['']", "[5]", "['A', 'A']"});
  add("letter.max_body_bytes",
      {"'1023KiB '", "'513MiB'", "16777216", "'16'", "'0KiB'", "''", "true"});
  add("http.listen", {"''", "'8025'", "8025", "':8025'", "'127.0.0.1'", "'127.0.0.1:'",
                      "'127.0.0.1:65536'", "'127.0.0.1:-1'", "'127.0.0.1:x'", "'[::1]'",
                      "'::1:8025'", "'[::1:8025'", "'[::1]x'", "'[127.0.0.1]:8025'",
                      "'example.org:8025'", "'*:8025'", "'127.1:8025'", "['127.0.0.1:8025']"});
  add("http.base_path", {"''", "'deadletter'", "'/a/'", "'//'", "'/a//b'", "'/a/../b'", "'/.'",
                         "'/a b'", "'/a?b'", "5"});
  add("http.requests_per_second", {"0", "-1", "100001", "'200'", "1.5", "true"});
  add("redact", {"'/a'", "[5]", "['a']", "['']", "['/a~']", "['/a', '/a']"});
  add("sweeper.mode", {"'on'", "true", "''"});
  add("sweeper.overdue_after", {"'0s'", "'999ms'", "'366d'", "60", "'x'"});
  add_each({"retention.closed", "retention.open"}, {"'59m'", "'3651d'", "30", "'30'", "'x'", "0"});
  add("log.format", {"'xml'", "''", "5", "true"});
  add("log.level", {"'trace'", "'INFO'", "''", "5"});
  add("queue.prefetch", {"0", "-1", "65536", "'100'", "1.0", "true"});
  add("policy.name", {"''", "5", Long(256)});
  add("policy.match.reason", {"'expired'", "[]", "['Expired']", "[5]", "['expired', 'expired']"});
  add_each({"policy.match.queue", "policy.match.action", "policy.match.type"},
           {"''", "5", "['a']", Long(256)});
  add("policy.match.deaths_below", {"0", "-1", "1000001", "'4'", "4.0"});
  add("policy.match.younger_than", {"0", "'0s'", "3600", "'1y'", "'3651d'"});
  add("policy.verdict", {"'Fail'", "''", "'drop'", "true"});
  add("policy.retry.delay", {"10", "'8d'", "'x'", "-1"});
  add("policy.retry.factor", {"0.9", "100.1", "'2'", "nan", "inf", "-2", "true"});
  add("policy.retry.max_delay", {"10", "'31d'", "'x'"});
  add("policy.retry.jitter", {"-0.1", "1.1", "nan", "'0.2'", "2"});
  add("policy.retry.max_attempts", {"0", "1001", "3.0", "'3'"});
  add("policy.retry.to", {"'Origin'", "''", "5"});
  return bad;
}

TEST(BadValue, EveryKeyInTheFileNamesFileLineKeyAndWhatIsAllowed) {
  for (const BadValue& bad : BadValues()) {
    SCOPED_TRACE(bad.key + " = " + bad.value.substr(0, 100));
    ExpectOneClearLine(MessageFor(bad.key, bad.value), "DIR/deadletter.toml:5", KeyNamed(bad.key));
  }
}

TEST(BadValue, NoKeyTakesADateASectionANestedListOrAControlCharacter) {
  for (const AnyKey& key : AllKeys()) {
    for (const char* value :
         {"1979-05-27", "07:32:00", "1979-05-27T07:32:00Z", "{ a = 1 }", "{}", "[[]]",
          R"("a\u0000b")", R"("\u001b[2J")", R"("\n")", R"(["a\u0000b"])"}) {
      SCOPED_TRACE(key.name + " = " + value);
      ExpectOneClearLine(MessageFor(key.name, value), "DIR/deadletter.toml:5", key);
    }
  }
}

TEST(BadValue, TheTableAboveLeavesNoKeyOut) {
  std::set<std::string> tested;
  for (const BadValue& bad : BadValues()) tested.insert(bad.key);
  for (const AnyKey& key : AllKeys()) EXPECT_TRUE(tested.contains(key.name)) << key.name;
}

TEST(BadValue, EveryScalarKeyInTheEnvironmentNamesTheVariable) {
  for (const Key<Config>& key : ConfigKeys()) {
    if (key.is_list) continue;
    const std::string variable = VariableName(key.name);
    SCOPED_TRACE(variable);
    ConfigLoader loader;
    loader.sources.environment[variable] = "\x01";
    ExpectOneClearLine(loader.LoadError(), variable, KeyNamed(key.name));
    loader.sources.environment[variable] = "\xff";
    ExpectOneClearLine(loader.LoadError(), variable, KeyNamed(key.name));
  }
}

TEST(BadValue, WhatASecretFileHoldsIsNeverShown) {
  for (const Key<Config>& key : ConfigKeys()) {
    if (key.is_list) continue;
    const std::string variable = VariableName(key.name) + "_FILE";
    SCOPED_TRACE(variable);
    ConfigLoader loader;
    loader.Write("secret", "hunter2\x01\n");
    loader.sources.environment[variable] = loader.PathOf("secret");
    ExpectOneClearLine(loader.LoadError(), variable, KeyNamed(key.name));
    EXPECT_THAT(loader.LoadError(), Not(HasSubstr("hunter2")));
  }
}

TEST(BadValue, EveryScalarKeyFromAFlagNamesTheFlag) {
  for (const Key<Config>& key : ConfigKeys()) {
    if (key.is_list) continue;
    SCOPED_TRACE(key.name);
    ConfigLoader loader;
    loader.sources.flags[key.name] = {"--flag", "\x01"};
    ExpectOneClearLine(loader.LoadError(), "--flag", KeyNamed(key.name));
  }
}

TEST(BadValue, NoPasswordIsShown) {
  for (const std::string key : {"broker.url", "broker.management_url", "ledger.url"}) {
    for (const std::string value :
         {"amqp://user:hunter2@host:x", "amqps://user:hunter2@", "amqp://user:hun@ter2@host",
          "hunter2", "http://user:hunter2@host:x", "postgresql://user:hunter2@host:x/db",
          "host=db password=hunter2", "postgresql://host/db?password=hunter2&x",
          "amqp://u:hunter2@h amqp://u:hunter2@h"}) {
      ConfigLoader loader;
      EXPECT_THAT(loader.File(FileWith(key, "'" + value + "'")).LoadError(), Not(HasSubstr("ter2")))
          << value;
      loader.File("");
      loader.sources.environment[VariableName(key)] = value;
      EXPECT_THAT(loader.LoadError(), Not(HasSubstr("ter2"))) << value;
    }
    EXPECT_THAT(MessageFor(key, "['amqp://u:hunter2@h', 'hunter2', 5]"), Not(HasSubstr("hunter2")));
  }
}

TEST(BadValue, ALongOrHostileValueIsShownShortAndEscaped) {
  const std::string message = MessageFor("log.level", "\"" + std::string(5000, 'x') + "\"");
  EXPECT_LT(message.size(), 300u);
  EXPECT_THAT(MessageFor("log.level", R"("a\"b; allowed: \u001b[31m")"), Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace deadletter
