// Who may come in, through a real socket.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>

#include "http/gate.h"
#include "http/raw_client_test_support.h"
#include "http/server.h"
#include "operations/ledger_test_support.h"
#include "tests/support/temporary_folder.h"

namespace deadletter::http {
namespace {

using test::kFirstLetter;
using test::RawAnswer;
using test::RawClient;
using testing::HasSubstr;

class AccessTest : public ::testing::Test {
 protected:
  AccessTest() {
    ledger_->Add().message.body = "hello";
    viewer_ = Add("reader", Role::kViewer);
    admin_ = Add("root", Role::kAdmin);
    tokens_ = std::move(*Tokens::Open(path_, clock_));
  }

  std::string Add(const std::string& name, Role role) {
    return AddToken(path_, {.name = name, .role = role}, clock_.Now()).value();
  }

  std::unique_ptr<Server> Start(ServerOptions options = {}) {
    options.port = 0;
    options.tokens = tokens_.get();
    auto server = std::make_unique<Server>(std::move(options), operations_, health_, metrics_);
    const auto started = server->Start();
    EXPECT_TRUE(started) << started.error().message;
    return server;
  }

  static RawAnswer Get(const Server& server, const std::string& target,
                       const std::string& headers = "") {
    RawClient client(server.port());
    client.Send("GET " + target + " HTTP/1.1\r\nHost: deadletter.example\r\n" + headers + "\r\n");
    return client.Receive();
  }
  static std::string Bearer(const std::string& token) {
    return "Authorization: Bearer " + token + "\r\n";
  }

  static std::vector<LedgerReaders> Readers(const std::shared_ptr<test::FakeLedger>& ledger) {
    std::vector<LedgerReaders> readers;
    readers.push_back(
        {.catalog = std::make_unique<test::FakeCatalog>(ledger), .executions = nullptr});
    return readers;
  }

  test::TemporaryFolder folder_;
  const std::string path_ = folder_ / "tokens";
  const SystemClock clock_;
  std::string viewer_;
  std::string admin_;
  std::unique_ptr<Tokens> tokens_;
  std::shared_ptr<test::FakeLedger> ledger_ = std::make_shared<test::FakeLedger>();
  Operations operations_{Readers(ledger_), {}};
  Health health_;
  Metrics metrics_;
};

TEST_F(AccessTest, WhoHasATokenIsAnsweredUnderAnyHostsName) {
  const auto server = Start();
  for (const std::string& token : {viewer_, admin_}) {
    EXPECT_EQ(Get(*server, "/v1/letters", Bearer(token)).status, 200);
    EXPECT_EQ(Get(*server, kFirstLetter, Bearer(token)).status, 200);
  }
  EXPECT_EQ(Get(*server, "/v1/letters", "authorization: bEARER " + viewer_ + "\r\n").status, 200);
}

TEST_F(AccessTest, WithoutATokenThatWeKnowNothingOfTheLedgerIsTold) {
  const auto server = Start();
  for (const std::string& headers :
       {std::string(), std::string("Authorization: Basic cm9vdDo=\r\n"),
        std::string("Authorization: Bearer\r\n"), "Authorization: Basic " + viewer_ + "\r\n"}) {
    for (const std::string target : {"/v1/letters", kFirstLetter, "/v1/nothing", "/v1"}) {
      const RawAnswer answer = Get(*server, target, headers);
      EXPECT_EQ(answer.status, 401) << target << headers;
      EXPECT_TRUE(answer.Has("Content-Type: application/problem+json"));
      EXPECT_TRUE(answer.Has("WWW-Authenticate: Bearer realm=\"deadletter\"")) << answer.headers;
    }
  }
  for (const std::string& token : {viewer_ + "x", viewer_.substr(1), std::string("reader")}) {
    const RawAnswer answer = Get(*server, "/v1/letters", Bearer(token));
    EXPECT_EQ(answer.status, 401);
    EXPECT_TRUE(
        answer.Has("WWW-Authenticate: Bearer realm=\"deadletter\", error=\"invalid_token\""));
    EXPECT_EQ(answer.body.find(token), std::string::npos);
  }
  EXPECT_EQ(ledger_->calls, 0);
}

TEST_F(AccessTest, TwoTokensAreOneTooMany) {
  const auto server = Start();
  EXPECT_EQ(Get(*server, "/v1/letters", Bearer(viewer_) + Bearer(admin_)).status, 400);
}

TEST_F(AccessTest, WhetherItIsWellCanBeAskedWithoutAToken) {
  const auto server = Start();
  EXPECT_EQ(Get(*server, "/healthz").status, 200);
  EXPECT_EQ(Get(*server, "/metrics").status, 200);
  EXPECT_EQ(Get(*server, "/readyz").status, 503);
  EXPECT_EQ(Get(*server, "/nothing").status, 404);
}

TEST_F(AccessTest, ATokenThatWasTakenOutEndsAtOnce) {
  const auto server = Start();
  EXPECT_EQ(Get(*server, "/v1/letters", Bearer(viewer_)).status, 200);
  std::ofstream(path_, std::ios::trunc) << "# nobody\n";
  EXPECT_EQ(Get(*server, "/v1/letters", Bearer(viewer_)).status, 401);
  const std::string next = Add("next", Role::kViewer);
  EXPECT_EQ(Get(*server, "/v1/letters", Bearer(next)).status, 200);
  std::filesystem::remove(path_);
  const RawAnswer unknown = Get(*server, "/v1/letters", Bearer(next));
  EXPECT_EQ(unknown.status, 503);
  EXPECT_TRUE(unknown.Has("Retry-After: 5"));
  EXPECT_EQ(unknown.body.find(path_), std::string::npos) << "a stranger learns nothing of our disk";
}

TEST_F(AccessTest, ABodyMustSayThatItIsJson) {
  const auto server = Start();
  RawClient client(server->port());
  client.Send("POST /v1/letters HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n" + Bearer(admin_) +
              "\r\n{}");
  EXPECT_EQ(client.Receive().status, 415);
}

TEST_F(AccessTest, P9_EachTokenAndEachAddressHasItsOwnRate) {
  ServerOptions options;
  options.limits.rate = {.per_second = 0.001, .burst = 3};
  const auto server = Start(options);
  for (int count = 0; count < 3; ++count) {
    EXPECT_EQ(Get(*server, "/v1/letters", Bearer(viewer_)).status, 200);
    EXPECT_EQ(Get(*server, "/v1/letters", Bearer("guess")).status, 401);
  }
  RawAnswer refused = Get(*server, "/v1/letters", Bearer(viewer_));
  EXPECT_EQ(refused.status, 429);
  EXPECT_THAT(refused.headers, HasSubstr("\r\nRetry-After: "));
  EXPECT_TRUE(refused.Has("Content-Type: application/problem+json"));
  EXPECT_EQ(Get(*server, "/v1/letters", Bearer("guess")).status, 429);
  EXPECT_EQ(Get(*server, "/metrics").status, 429);
  EXPECT_EQ(Get(*server, "/nothing").status, 429);
  EXPECT_EQ(Get(*server, "/healthz").status, 200) << "or a flood would look like a death";
  EXPECT_EQ(Get(*server, "/v1/letters", Bearer(admin_)).status, 200);
}

TEST_F(AccessTest, WithTokensAnyAddressMayBeListenedOn) {
  ServerOptions options;
  options.host = "0.0.0.0";
  const auto server = Start(options);
  EXPECT_EQ(Get(*server, "/v1/letters", Bearer(viewer_)).status, 200);
}

TEST(Gate, ARoleThatIsTooSmallIsTold) {
  const Caller viewer{.name = "reader", .role = Role::kViewer};
  EXPECT_EQ(Gate::RefuseRole(viewer, Role::kViewer), std::nullopt);
  const auto refusal = Gate::RefuseRole(viewer, Role::kOperator);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->status, 403U);
  EXPECT_THAT(refusal->body, HasSubstr("this needs the role operator, and 'reader' is viewer"));
  EXPECT_THAT(refusal->headers,
              testing::Contains(
                  testing::Pair("WWW-Authenticate", HasSubstr("error=\"insufficient_scope\""))));
}

}  // namespace
}  // namespace deadletter::http
