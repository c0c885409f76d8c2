#include "http/server.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <stdexcept>
#include <thread>

#include "http/raw_client_test_support.h"
#include "operations/ledger_test_support.h"

namespace {

std::atomic<std::size_t> refused_bytes = SIZE_MAX;  // an allocation as large as this fails

}  // namespace

// What the linker puts before operator new (CMakeLists.txt of this folder), so that a sanitizer's
// own stays in its place.
extern "C" void* __real__Znwm(std::size_t size);
extern "C" void* __wrap__Znwm(std::size_t size);
void* __wrap__Znwm(std::size_t size) {
  if (size >= refused_bytes) throw std::bad_alloc();
  return __real__Znwm(size);
}

namespace deadletter::http {
namespace {

using test::kFirstLetter;
using test::kJson;
using test::RawAnswer;
using test::RawClient;
using namespace std::string_literals;

class ServerTest : public ::testing::Test {
 protected:
  ServerTest() { ledger_->Add().message.body = "hello"; }

  static std::vector<LedgerReaders> Readers(const std::shared_ptr<test::FakeLedger>& ledger) {
    std::vector<LedgerReaders> readers;
    for (int index = 0; index < 2; ++index) {
      readers.push_back(
          {.catalog = std::make_unique<test::FakeCatalog>(ledger), .executions = nullptr});
    }
    return readers;
  }

  std::unique_ptr<Server> Start(ServerLimits limits = {}) {
    limits.rate = {.per_second = 1e12, .burst = 1e12};  // some of these ask as fast as they can
    auto server = std::make_unique<Server>(
        ServerOptions{.port = 0, .pair_name = "embedded", .limits = limits}, operations_, health_,
        metrics_);
    const auto started = server->Start();
    EXPECT_TRUE(started) << started.error().message;
    return server;
  }

  static RawAnswer Ask(const Server& server, std::string_view bytes) {
    RawClient client(server.port());
    client.Send(bytes);
    return client.Receive();
  }

  std::shared_ptr<test::FakeLedger> ledger_ = std::make_shared<test::FakeLedger>();
  Operations operations_{Readers(ledger_), {}};
  Health health_;
  Metrics metrics_;
};

TEST_F(ServerTest, AnswersAndKeepsTheConnection) {
  const auto server = Start();
  RawClient client(server->port());
  for (const std::string target : {"/healthz", "/v1/letters", kFirstLetter}) {
    client.SendGet(target);
    const RawAnswer answer = client.Receive();
    EXPECT_EQ(answer.status, 200) << target;
    EXPECT_EQ(answer.body.front(), '{') << target;
  }
}

TEST_F(ServerTest, EveryAnswerForbidsABrowserEverything) {
  const auto server = Start();
  for (const std::string& target :
       {"/healthz"s, "/nothing"s, "/v1/letters"s, kFirstLetter + "/body"s}) {
    RawClient client(server->port());
    client.SendGet(target);
    const RawAnswer answer = client.Receive();
    EXPECT_TRUE(answer.Has("X-Content-Type-Options: nosniff")) << answer.headers;
    EXPECT_TRUE(answer.Has("Content-Security-Policy: default-src 'none'; frame-ancestors 'none'"));
    EXPECT_TRUE(answer.Has("Cross-Origin-Resource-Policy: same-origin"));
    EXPECT_TRUE(answer.Has("Cache-Control: no-store"));
  }
}

TEST_F(ServerTest, HeadIsGetWithoutTheBody) {
  const auto server = Start();
  RawClient client(server->port());
  client.Send("HEAD "s + kFirstLetter + "/body HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const RawAnswer head = client.Receive(true);
  EXPECT_EQ(head.status, 200);
  EXPECT_TRUE(head.Has("Content-Length: 5")) << head.headers;
  client.SendGet(kFirstLetter + "/body"s);
  EXPECT_EQ(client.Receive().body, "hello");
}

TEST_F(ServerTest, AfterHeadAMistakeIsExplainedAgain) {
  const auto server = Start();
  RawClient client(server->port());
  client.Send("HEAD /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(client.Receive(true).status, 200);
  client.Send("garbage\r\n\r\n");
  const RawAnswer answer = client.Receive();
  EXPECT_EQ(answer.status, 400);
  EXPECT_NE(answer.body.find("not an HTTP request"), std::string::npos) << answer.headers;
}

TEST_F(ServerTest, RequestsSentAheadAreAnsweredInOrder) {
  const auto server = Start();
  RawClient client(server->port());
  client.Send(
      "GET /v1/letters HTTP/1.1\r\nHost: localhost\r\n\r\n"
      "GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n"
      "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(client.Receive().status, 200);
  EXPECT_EQ(client.Receive().status, 404);
  EXPECT_EQ(client.Receive().body, R"({"alive":true})");
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(ServerTest, AnOldClientGetsOneAnswerAConnection) {
  const auto server = Start();
  RawClient client(server->port());
  client.Send("GET /healthz HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(client.Receive().status, 200);
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(ServerTest, ALargeBodyArrivesWhole) {
  ledger_->letters.front().message.body.assign(20 << 20, 'x');
  const auto server = Start();
  RawClient client(server->port());
  client.SendGet(kFirstLetter + "/body"s);
  EXPECT_EQ(client.Receive().body, ledger_->letters.front().message.body);
}

struct HostileCase {
  std::string name;
  std::string bytes;
  int status;
};

class HostileRequests : public ServerTest, public ::testing::WithParamInterface<HostileCase> {};

TEST_P(HostileRequests, AreAnsweredAndTheServerLivesOn) {
  const auto server = Start();
  const RawAnswer answer = Ask(*server, GetParam().bytes);
  EXPECT_EQ(answer.status, GetParam().status) << answer.body;
  EXPECT_TRUE(answer.Has("Content-Type: application/problem+json")) << answer.headers;
  EXPECT_EQ(Ask(*server, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").status, 200);
}

std::string Post(const std::string& headers, const std::string& body) {
  return "POST /v1/letters HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n" + body;
}

INSTANTIATE_TEST_SUITE_P(
    Each, HostileRequests,
    ::testing::Values(
        HostileCase{"garbage", "\x16\x03\x01\x02\x00\x01\xfc\r\n\r\n"s, 400},
        HostileCase{"no_version", "GET /healthz\r\n\r\n", 400},
        HostileCase{"bad_version", "GET /healthz HTTP/x\r\n\r\n", 400},
        HostileCase{"control_character_in_target", "GET /\x01 HTTP/1.1\r\nHost: localhost\r\n\r\n",
                    400},
        HostileCase{"nul_in_query",
                    "GET /v1/letters?type=a\0b HTTP/1.1\r\nHost: localhost\r\n\r\n"s, 400},
        HostileCase{"encoded_nul", "GET /v1/letters?type=a%00b HTTP/1.1\r\nHost: localhost\r\n\r\n",
                    400},
        HostileCase{"bad_percent", "GET /v1/letters?type=%zz HTTP/1.1\r\nHost: localhost\r\n\r\n",
                    400},
        HostileCase{"header_without_colon", "GET / HTTP/1.1\r\nHost\r\n\r\n", 400},
        HostileCase{"nul_in_header", "GET / HTTP/1.1\r\nHost: localhost\r\nA: \0\r\n\r\n"s, 400},
        HostileCase{"no_host", "GET /healthz HTTP/1.1\r\n\r\n", 400},
        HostileCase{"two_hosts",
                    "GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400},
        HostileCase{"rebound_host", "GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421},
        HostileCase{
            "foreign_origin",
            "GET /v1/letters HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n\r\n",
            403},
        HostileCase{"odd_method", "BREW /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", 405},
        HostileCase{"form_body", Post("Content-Type: text/plain\r\nContent-Length: 2\r\n", "{}"),
                    415},
        HostileCase{"json_body",
                    Post("Content-Type: application/json\r\nContent-Length: 2\r\n", "{}"), 405},
        HostileCase{"declared_too_large", Post("Content-Length: 1048577\r\n", ""), 413},
        HostileCase{"absurd_length", Post("Content-Length: 99999999999999999999999\r\n", ""), 400},
        HostileCase{"two_lengths", Post("Content-Length: 1\r\nContent-Length: 2\r\n", "{}"), 400},
        HostileCase{"bad_chunk", Post("Transfer-Encoding: chunked\r\n", "zz\r\n"), 400},
        HostileCase{"too_large",
                    Post("Transfer-Encoding: chunked\r\n",
                         "200000\r\n" + std::string(0x200000, 'x') + "\r\n0\r\n\r\n"),
                    413},
        HostileCase{"endless_chunk_extension",
                    Post("Transfer-Encoding: chunked\r\n", "1;" + std::string(1 << 20, 'a')), 413},
        HostileCase{"endless_trailer",
                    Post("Transfer-Encoding: chunked\r\n", "0\r\nA: " + std::string(1 << 20, 'a')),
                    413},
        HostileCase{"long_request_line", "GET /" + std::string(20'000, 'a') + " HTTP/1.1\r\n\r\n",
                    414},
        HostileCase{
            "huge_header",
            "GET / HTTP/1.1\r\nHost: localhost\r\nA: " + std::string(20'000, 'a') + "\r\n\r\n",
            431}),
    [](const auto& each) { return each.param.name; });

TEST_F(ServerTest, ABodyThatIsAnnouncedIsAskedFor) {
  const auto server = Start();
  RawClient client(server->port());
  client.Send(
      Post("Content-Type: application/json\r\nContent-Length: 2\r\nExpect: 100-continue\r\n", ""));
  EXPECT_EQ(client.Receive().status, 100);
  client.Send("{}");
  EXPECT_EQ(client.Receive().status, 405);
}

// It does not know the interim answer (RFC 9110, 10.1.1) and would take it for the whole one.
TEST_F(ServerTest, AClientOfHttp10IsNotToldToContinue) {
  const auto server = Start();
  RawClient client(server->port());
  client.Send(
      "POST /v1/letters HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json\r\n"
      "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}");
  EXPECT_EQ(client.Receive().status, 405);
}

TEST_F(ServerTest, P9_ASlowClientIsCutOffHoweverItDribbles) {
  const auto server = Start({.client_timeout = std::chrono::milliseconds(100)});
  RawClient silent(server->port());
  EXPECT_TRUE(silent.IsClosed());
  RawClient dribbling(server->port());
  dribbling.Send("GET /healthz HTTP/1.1\r\n");
  while (!dribbling.IsReadable(10)) dribbling.Send("A: b\r\n");
  EXPECT_TRUE(dribbling.IsClosed());
}

TEST_F(ServerTest, P9_OneConnectionTooManyIsToldSo) {
  const auto server = Start({.max_connections = 2});
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int index = 0; index < 2; ++index) {
    clients.push_back(std::make_unique<RawClient>(server->port()));
    clients.back()->SendGet("/healthz");
    EXPECT_EQ(clients.back()->Receive().status, 200);
  }
  RawClient refused(server->port());
  refused.SendGet("/healthz");
  const RawAnswer answer = refused.Receive();
  EXPECT_EQ(answer.status, 503);
  EXPECT_TRUE(answer.Has("Retry-After: 1")) << answer.headers;
  EXPECT_TRUE(refused.IsClosed());

  clients.clear();
  int status = 503;  // until the server has seen that they left
  while (status == 503)
    status = Ask(*server, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").status;
  EXPECT_EQ(status, 200);
}

TEST_F(ServerTest, P9_SlowReadersOfLargeAnswersShareABudget) {
  constexpr std::size_t kBody = std::size_t{20} << 20;
  ledger_->letters.front().message.body.assign(kBody, 'x');
  const auto server = Start({.max_answer_bytes = 2 * kBody});
  const std::string target = kFirstLetter + "/body"s;
  std::vector<std::unique_ptr<RawClient>> slow;
  for (int index = 0; index < 2; ++index) {
    slow.push_back(std::make_unique<RawClient>(server->port()));
    slow.back()->SendGet(target);
    ASSERT_TRUE(slow.back()->IsReadable(20'000));
  }
  RawClient next(server->port());
  next.SendGet(target);
  const RawAnswer refused = next.Receive();
  EXPECT_EQ(refused.status, 503);
  EXPECT_TRUE(refused.Has("Retry-After: 1")) << refused.headers;
  next.SendGet("/healthz");
  EXPECT_EQ(next.Receive().status, 200);

  for (const auto& client : slow) EXPECT_EQ(client->Receive().body.size(), kBody);
  RawAnswer answer = refused;  // until the server has seen that they have all of it
  while (answer.status == 503) {
    next.SendGet(target);
    answer = next.Receive();
  }
  EXPECT_EQ(answer.body.size(), kBody);
}

TEST_F(ServerTest, P9_OneAnswerLargerThanTheBudgetPassesAlone) {
  ledger_->letters.front().message.body.assign(1 << 20, 'x');
  const auto server = Start({.max_answer_bytes = 100});
  RawClient client(server->port());
  client.SendGet(kFirstLetter + "/body"s);
  EXPECT_EQ(client.Receive().body.size(), std::size_t{1} << 20);
}

TEST_F(ServerTest, P9_LargeRequestsShareABudgetFromTheirHeadsOn) {
  constexpr std::size_t kBody = 200'000;
  const std::string announced = Post(kJson + "Content-Length: 200000\r\n"s, "");
  const std::string chunked = Post(kJson + "Transfer-Encoding: chunked\r\n"s, "1\r\nx\r\n");
  const auto server = Start({.max_body_bytes = kBody, .max_request_bytes = 2 * kBody});
  RawClient first(server->port());
  RawClient second(server->port());
  first.Send(announced + std::string(kBody - 1, 'x'));
  second.Send(chunked);
  // Until the server has read the heads of both, the third one may still have its place.
  const auto third = [&](const std::string& request) { return Ask(*server, request); };
  const std::string whole = announced + std::string(kBody, 'x');
  RawAnswer refused;
  while (refused.status != 503) refused = third(whole);
  EXPECT_TRUE(refused.Has("Retry-After: 1")) << refused.headers;
  EXPECT_EQ(third(chunked).status, 503);
  EXPECT_EQ(third(Post(kJson + "Content-Length: 5\r\n"s, "small")).status, 405);
  EXPECT_EQ(third("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").status, 200);

  first.Send("x");
  EXPECT_EQ(first.Receive().status, 405);
  EXPECT_EQ(third(whole).status, 405);  // the place of the one that was answered
}

TEST_F(ServerTest, P9_OneRequestLargerThanTheBudgetPassesAlone) {
  const auto server = Start({.max_request_bytes = 100});
  const std::string whole = Post(kJson + "Content-Length: 200000\r\n"s, std::string(200'000, 'x'));
  EXPECT_EQ(Ask(*server, whole).status, 405);
  EXPECT_EQ(Ask(*server, whole).status, 405);  // and leaves nothing behind
}

TEST_F(ServerTest, MemoryThatOneConnectionCannotHaveEndsThatConnectionOnly) {
  const auto server = Start();
  RawClient other(server->port());
  other.SendGet("/healthz");
  EXPECT_EQ(other.Receive().status, 200);
  refused_bytes = 700'000;
  RawClient greedy(server->port());
  greedy.Send(Post("Content-Length: 900000\r\n", "x"));
  EXPECT_TRUE(greedy.IsClosed());
  refused_bytes = SIZE_MAX;
  other.SendGet("/healthz");
  EXPECT_EQ(other.Receive().status, 200);
}

TEST_F(ServerTest, ASlowLedgerDoesNotKeepHealthWaiting) {
  const auto server = Start();
  std::unique_lock held(ledger_->entry);
  std::vector<std::unique_ptr<RawClient>> waiting;
  for (int index = 0; index < 5; ++index) {
    waiting.push_back(std::make_unique<RawClient>(server->port()));
    waiting.back()->SendGet("/v1/letters");
  }
  ledger_->WaitForCalls(2);
  for (const char* target : {"/healthz", "/metrics"}) {
    EXPECT_EQ(Ask(*server, "GET "s + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n").status, 200);
  }
  held.unlock();
  for (auto& client : waiting) EXPECT_EQ(client->Receive().status, 200);
}

TEST_F(ServerTest, AClientThatLeavesWhileTheLedgerWorksHarmsNobody) {
  const auto server = Start();
  std::unique_lock held(ledger_->entry);
  {
    RawClient leaving(server->port());
    leaving.SendGet("/v1/letters");
    ledger_->WaitForCalls(1);
  }
  held.unlock();
  EXPECT_EQ(Ask(*server, "GET /v1/letters HTTP/1.1\r\nHost: localhost\r\n\r\n").status, 200);
}

TEST_F(ServerTest, StopAnswersWhatIsInHandAndClosesTheRest) {
  const auto server = Start();
  RawClient idle(server->port());
  idle.SendGet("/healthz");
  EXPECT_EQ(idle.Receive().status, 200);
  std::unique_lock held(ledger_->entry);
  RawClient asking(server->port());
  asking.SendGet("/v1/letters");
  ledger_->WaitForCalls(1);
  std::thread stopping([&] { server->Stop(); });
  EXPECT_TRUE(idle.IsClosed());
  held.unlock();
  const RawAnswer answer = asking.Receive();
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.Has("Connection: close")) << answer.headers;
  stopping.join();
  EXPECT_FALSE(RawClient(server->port()).connected());
  server->Stop();
}

TEST_F(ServerTest, AnAddressInUseIsNamed) {
  const auto server = Start();
  Server second({.port = server->port(), .pair_name = ""}, operations_, health_, metrics_);
  const auto started = second.Start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().message,
            "cannot listen on 127.0.0.1:" + std::to_string(server->port()) +
                ": Address already in use; is another deadletter running, or choose another "
                "address with http.listen");
}

TEST_F(ServerTest, WithoutTokensOnlyLoopbackIsListenedOn) {
  for (const char* host : {"0.0.0.0", "::", "192.0.2.1", "example.com", ""}) {
    Server server({.host = host, .port = 0, .pair_name = ""}, operations_, health_, metrics_);
    const auto started = server.Start();
    ASSERT_FALSE(started) << host;
    EXPECT_NE(started.error().message.find("is no loopback address"), std::string::npos);
  }
}

class ThrowingCatalog final : public Catalog {
 public:
  LedgerResult<LetterPage> List(const LetterFilter&, std::size_t,
                                std::optional<LetterId>) override {
    throw std::runtime_error("out of luck");
  }
  LedgerResult<std::optional<LetterRecord>> Show(LetterId) override { return std::nullopt; }
  LedgerResult<LedgerCounts> Counts() override { return LedgerCounts{}; }
  void Abort() override {}
};

TEST_F(ServerTest, AnExceptionIsAnAnswerNotAnEnd) {
  std::vector<LedgerReaders> readers;
  readers.push_back({.catalog = std::make_unique<ThrowingCatalog>(), .executions = nullptr});
  Operations operations(std::move(readers), {});
  Server server({.port = 0, .pair_name = ""}, operations, health_, metrics_);
  ASSERT_TRUE(server.Start());
  const RawAnswer answer = Ask(server, "GET /v1/letters HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.body.find("out of luck"), std::string::npos);
  EXPECT_EQ(Ask(server, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").status, 200);
}

}  // namespace
}  // namespace deadletter::http
