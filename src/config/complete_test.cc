// Keys checked against each other.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/config_test_support.h"

namespace deadletter {
namespace {

using test::ConfigLoader;
using test::ErrorOf;
using test::Loaded;
using test::LoadedFrom;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

TEST(Complete, ABrokerWithALedgerOfTheOtherPairIsAnErrorWithAdvice) {
  EXPECT_EQ(ErrorOf("[ledger]\nurl = 'postgresql://db/platform'\n"),
            "DIR/deadletter.toml:2: ledger.url is PostgreSQL, but broker.url is embedded; allowed: "
            "set broker.url to "
            "amqp://… too, or leave both out for the embedded pair");
  EXPECT_THAT(ErrorOf("[broker]\nurl = 'embedded:q'\n[ledger]\nurl = 'postgres://db'\n"),
              HasSubstr(":4: ledger.url is PostgreSQL, but broker.url is embedded"));
  EXPECT_THAT(
      ErrorOf("[broker]\nurl = 'amqp://host'\n"),
      HasSubstr(":2: broker.url is RabbitMQ, but ledger.url is SQLite; allowed: set ledger.url"));
  ConfigLoader loader;
  loader.sources.environment["DEADLETTER_BROKER_URL"] = "amqp://host";
  loader.sources.environment["DEADLETTER_LEDGER_URL"] = "sqlite:x";
  EXPECT_THAT(loader.LoadError(), StartsWith("DEADLETTER_BROKER_URL: broker.url is RabbitMQ"));
}

TEST(Complete, TheTwoEmbeddedFilesDiffer) {
  EXPECT_THAT(ErrorOf("[broker]\nurl = 'embedded:a/x'\n[ledger]\nurl = 'sqlite:a/./x'\n"),
              HasSubstr("broker.url and ledger.url are the same file"));
}

TEST(Complete, EmbeddedFilesLieInTheDataFolderUnlessTheyHaveAPath) {
  const Config config =
      LoadedFrom("data_dir = '/d'\n[broker]\nurl = 'embedded:'\n[ledger]\nurl = 'sqlite:/l'\n");
  EXPECT_EQ(config.broker.path, "/d/queues.sqlite3");
  EXPECT_EQ(config.ledger.path, "/l");
}

TEST(Complete, P2_AFinalStatusIsNeverFailable) {
  EXPECT_THAT(
      ErrorOf("[executions]\nfailable = ['scheduled', 'completed']\n"),
      HasSubstr(":2: executions.failable holds \"completed\", which executions.final holds too"));
  EXPECT_THAT(ErrorOf("[executions]\nfailed = 'scheduled'\n"),
              HasSubstr(":2: executions.failed is \"scheduled\""));
  EXPECT_THAT(
      ErrorOf("[executions]\nreplay_status = 'queued'\n"),
      HasSubstr(":2: executions.replay_status is \"queued\"; allowed: one of executions.failable"));
  EXPECT_THAT(ErrorOf("[executions]\nfailable = ['queued']\n"),
              HasSubstr(":2: executions.replay_status is \"scheduled\"; allowed: one of"))
      << "the line that somebody wrote, also where the other key is a default";
  EXPECT_THAT(ErrorOf("[executions]\nfinal = ['completed', 'running']\n"),
              HasSubstr(":2: executions.failable holds \"running\""));
  EXPECT_THAT(LoadedFrom("[executions]\nfailed = 'dead'\n").warnings,
              ElementsAre(HasSubstr(
                  "executions.failed is \"dead\", which executions.final does not hold")));
}

TEST(Complete, ColumnsThatAreWrittenDiffer) {
  EXPECT_THAT(ErrorOf("[executions]\nerror = 'result'\n"),
              HasSubstr(":2: executions.error is \"result\", which executions.result names too"));
  EXPECT_THAT(ErrorOf("[executions]\nid = 'updated'\n"),
              HasSubstr(":2: executions.updated is \"updated\", which executions.id names too"));
}

// SQLite takes "Status" and "status" for one column; PostgreSQL, whose names we quote, for two.
TEST(Complete, P2_ColumnsDifferAsTheLedgersDatabaseTellsThemApart) {
  constexpr const char* kBoth = "[executions]\nid = 'Status'\nstatus = 'status'\n";
  EXPECT_THAT(ErrorOf(kBoth),
              HasSubstr(":3: executions.status is \"status\", which executions.id names too"));
  EXPECT_THAT(ErrorOf("[executions]\nfinished = 'UPDATED'\n"),
              HasSubstr(":2: executions.finished is \"UPDATED\", which executions.updated names"));
  const Config servers = LoadedFrom(std::string(kBoth) +
                                    "[broker]\nurl = 'amqp://host'\n"
                                    "[ledger]\nurl = 'postgresql://host/db'\n");
  EXPECT_EQ(servers.executions.id, "Status");
}

TEST(Complete, CertificateAndKeyComeTogether) {
  EXPECT_THAT(ErrorOf("[http]\ntls_cert = 'c'\n"),
              HasSubstr(":2: http.tls_cert is set without http.tls_key"));
  EXPECT_THAT(ErrorOf("[http]\ntls_key = 'k'\n"),
              HasSubstr(":2: http.tls_key is set without http.tls_cert"));
  EXPECT_THAT(ErrorOf("[broker]\nkey_file = 'k'\n"),
              HasSubstr("broker.key_file is set without broker.cert_file"));
  EXPECT_THAT(ErrorOf("[broker]\nca_file = '/nowhere/ca.pem'\n"),
              HasSubstr("broker.ca_file is \"/nowhere/ca.pem\", which cannot be read"));
}

TEST(Complete, ASweeperThatRacesTheLettersIsAnError) {
  EXPECT_THAT(
      ErrorOf("[sweeper]\noverdue_after = '5m'\n"),
      HasSubstr(":2: sweeper.overdue_after is 5m; allowed: more than topology.worker_ttl (5m)"));
}

TEST(Complete, TheEmbeddedQueuesHaveNoHeadersExchange) {
  EXPECT_THAT(ErrorOf("[topology]\ndlx_type = 'headers'\n"),
              HasSubstr(":2: topology.dlx_type is \"headers\", which the embedded queues do not "
                        "have; allowed: \"topic\""));
  EXPECT_EQ(LoadedFrom("[topology]\ndlx_type = 'headers'\n[broker]\nurl = 'amqp://host'\n"
                       "[ledger]\nurl = 'postgresql://host/db'\n")
                .topology.dlx_type,
            "headers");
}

TEST(Complete, AWorkersQueueNameFitsTheBroker) {
  EXPECT_THAT(ErrorOf("[topology]\nworker_ids = ['" + std::string(90, 'x') +
                      "']\nworker_queue = '{id}" + std::string(200, 'q') + "'\n"),
              HasSubstr("topology.worker_queue with a worker's id is longer than 255 bytes"));
}

TEST(Complete, P4_WhatThisVersionDoesNotUseIsNotSilent) {
  ConfigLoader loader;
  loader.File(
      "[sweeper]\nmode = 'off'\n"
      "overdue_after = '1h'\n[retention]\nclosed = '1d'\nopen = '2d'\n"
      "[executions]\nheartbeat = 'seen'\n");
  const Config config = Loaded(loader);
  EXPECT_THAT(config.warnings, SizeIs(5));
  for (const std::string& warning : config.warnings) {
    EXPECT_THAT(warning, HasSubstr("is set, but this version does not use it yet"));
  }
  ConfigLoader used;
  used.File("redact = ['/payload/password']\n");
  EXPECT_THAT(Loaded(used).warnings, SizeIs(0));
}

TEST(Complete, WithoutTokensHttpIsServedOnLoopbackOnly) {
  for (const std::string address : {"0.0.0.0:1", "10.0.0.1:1", "[::]:1", "[2001:db8::1]:1"}) {
    const std::string listen = "[http]\nlisten = '" + address + "'\n";
    EXPECT_THAT(ErrorOf(listen), HasSubstr(":2: http.listen is \"" + address +
                                           "\" without auth.tokens_file; allowed: a loopback"));
    EXPECT_EQ(LoadedFrom(listen + "[auth]\ntokens_file = 't'\n").tokens_file, "t");
  }
  for (const std::string address : {"127.0.0.1:1", "127.8.8.8:1", "[::1]:1", "localhost:1"}) {
    EXPECT_EQ(LoadedFrom("[http]\nlisten = '" + address + "'\n").http.port, 1);
  }
}

TEST(Complete, TokensInTheClearAreAWarning) {
  const std::string open = "[auth]\ntokens_file = 't'\n[http]\nlisten = '0.0.0.0:1'\n";
  EXPECT_THAT(LoadedFrom(open).warnings, ElementsAre(HasSubstr("in the clear")));
  EXPECT_THAT(LoadedFrom(open + "tls_cert = 'c'\ntls_key = 'k'\n").warnings, IsEmpty());
}

TEST(Complete, ALockTimeoutAboveTheServersDeadlockTimeoutIsAWarning) {
  EXPECT_THAT(LoadedFrom("[ledger]\nlock_timeout = '1s'\n").warnings,
              ElementsAre(HasSubstr("deadlock_timeout")));
  EXPECT_THAT(LoadedFrom("[ledger]\nlock_timeout = '999ms'\n").warnings, IsEmpty());
}

TEST(Complete, CertificatesWithoutTlsAreAWarning) {
  ConfigLoader loader;
  loader.Write("ca.pem", "");
  loader.sources.environment["DEADLETTER_BROKER_CA_FILE"] = loader.PathOf("ca.pem");
  EXPECT_THAT(
      Loaded(loader).warnings,
      ElementsAre(
          "DEADLETTER_BROKER_CA_FILE: broker.ca_file is set, but broker.url is not amqps://"));
}

TEST(Complete, WithoutQueuesTheTopologysAreConsumed) {
  const Config config = LoadedFrom("[topology]\ndlq = 'a'\nunrouted_queue = 'b'\n");
  ASSERT_THAT(config.queues, SizeIs(2));
  EXPECT_EQ(config.queues[0].name, "a");
  EXPECT_EQ(config.queues[1].name, "b");
  EXPECT_THAT(LoadedFrom("[topology]\ndlq = 'a'\nunrouted_queue = 'a'\n").queues, SizeIs(1));
}

}  // namespace
}  // namespace deadletter
