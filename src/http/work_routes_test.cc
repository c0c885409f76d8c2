// Submitting and being a worker, through a real socket.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include "http/raw_client_test_support.h"
#include "http/server.h"
#include "http/waiters.h"
#include "operations/work_test_support.h"
#include "tests/support/temporary_folder.h"

namespace deadletter::http {
namespace {

using test::kJson;
using test::RawAnswer;
using test::RawClient;
using testing::HasSubstr;
using testing::SizeIs;

const std::string kLease = "/v1/queues/work/lease";

class WorkRoutesTest : public ::testing::Test {
 protected:
  WorkRoutesTest() { queues_->Declare("work"); }

  void Start(ServerOptions options = {}, bool with_work = true,
             RateLimit rate = {.per_second = 1e12, .burst = 1e12}) {
    options.port = 0;
    if (with_work) options.work = &work_;
    options.limits.rate = rate;
    server_ = std::make_unique<Server>(std::move(options), operations_, health_, metrics_);
    const auto started = server_->Start();
    EXPECT_TRUE(started) << started.error().message;
  }

  static std::string PostOf(const std::string& target, const std::string& body,
                            const std::string& headers = "") {
    return "POST " + target + " HTTP/1.1\r\nHost: localhost\r\n" + headers + kJson +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }
  RawAnswer Post(const std::string& target, const std::string& body,
                 const std::string& headers = "") {
    RawClient client(server_->port());
    client.Send(PostOf(target, body, headers));
    return client.Receive();
  }
  std::string LeaseOne() {
    const auto given = boost::json::parse(Post(kLease, "").body);
    return std::string(given.at("deliveries").at(0).at("id").as_string());
  }
  static std::size_t DeliveriesIn(const RawAnswer& answer) {
    EXPECT_EQ(answer.status, 200) << answer.body;
    return boost::json::parse(answer.body).at("deliveries").as_array().size();
  }

  const std::shared_ptr<test::StandingClock> clock_ = std::make_shared<test::StandingClock>();
  const std::shared_ptr<test::FakeQueues> queues_ = std::make_shared<test::FakeQueues>(clock_);
  const std::shared_ptr<test::FakeLedger> ledger_ = std::make_shared<test::FakeLedger>();
  Work work_{test::WorkPortsOver(queues_, ledger_), {.clock = clock_}};
  Operations operations_{test::ReadersOver(ledger_, 2), {}};
  Health health_;
  Metrics metrics_;
  std::unique_ptr<Server> server_;
};

TEST_F(WorkRoutesTest, AnExecutionIsSubmittedLeasedAndAcknowledged) {
  Start();
  const RawAnswer submitted =
      Post("/v1/executions", R"({"queue":"work","action":"core.echo","payload":{"n":1}})");
  EXPECT_EQ(submitted.status, 201);
  EXPECT_EQ(submitted.body, R"({"execution_ids":["1"]})");
  queues_->Send("work", test::RequestFor("1"));
  const RawAnswer leased = Post(kLease, R"({"max":5,"lease":30})");
  EXPECT_EQ(DeliveriesIn(leased), 1U);
  const auto delivery = boost::json::parse(leased.body).at("deliveries").at(0);
  EXPECT_EQ(delivery.at("execution_id"), "1");
  const std::string place = "/v1/deliveries/" + std::string(delivery.at("id").as_string());
  const RawAnswer extended = Post(place + "/extend", R"({"lease":60})");
  EXPECT_EQ(extended.status, 200);
  EXPECT_THAT(extended.body, HasSubstr("\"until\":\"2023-11-14T22:14:20.000000Z\""));
  const RawAnswer done = Post(place + "/ack", R"({"result":{"said":"hello"}})");
  EXPECT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(ledger_->executions[0].status, "completed");
  const RawAnswer again = Post(place + "/ack", R"({"result":{"said":"hello"}})");
  EXPECT_EQ(again.status, 409);
  EXPECT_TRUE(again.Has("Content-Type: application/problem+json"));
}

TEST_F(WorkRoutesTest, AQueuesNameMayHoldAnything) {
  Start();
  queues_->Send("a/b \xc3\xa9", "x");
  EXPECT_EQ(DeliveriesIn(Post("/v1/queues/a%2Fb%20%C3%A9/lease", "")), 1U);
}

TEST_F(WorkRoutesTest, ARejectedMessageDiesOrComesAgain) {
  Start();
  queues_->Send("work", "x");
  EXPECT_EQ(Post("/v1/deliveries/" + LeaseOne() + "/reject", R"({"requeue":true})").status, 200);
  EXPECT_EQ(Post("/v1/deliveries/" + LeaseOne() + "/reject", "").status, 200);
  EXPECT_THAT(queues_->Dead(), SizeIs(1));
}

TEST_F(WorkRoutesTest, EveryMistakeHasItsStatus) {
  Start();
  queues_->Send("work", "hello");
  const std::string place = "/v1/deliveries/" + LeaseOne();
  struct Mistake {
    std::string target;
    std::string body;
    int status;
  };
  for (const auto& [target, body, status] :
       {Mistake{"/v1/executions", "{}", 400},
        Mistake{"/v1/executions?x=1", R"({"queue":"work","action":"a"})", 400},
        Mistake{"/v1/executions", R"({"queue":"no","action":"a"})", 404},
        Mistake{"/v1/executions", R"({"queue":"work","action":""})", 422},
        Mistake{"/v1/executions", R"({"queue":"attune.dlx.queue","action":"a"})", 422},
        Mistake{"/v1/executions", std::string((1 << 20) + 1, ' '), 413},
        Mistake{kLease, R"({"max":0})", 400}, Mistake{kLease + "?wait=5", "{}", 400},
        Mistake{"/v1/queues/no/lease", "{}", 404},
        Mistake{"/v1/queues/attune.dlx.queue/lease", "{}", 409}, Mistake{place + "/ack", "[]", 400},
        Mistake{place + "/ack", R"({"result":1})", 422},
        Mistake{place + "/ack", R"({"status":"odd"})", 422},
        Mistake{place + "/reject", R"({"requeue":1})", 400},
        Mistake{place + "/extend", R"({"lease":"long"})", 400},
        Mistake{"/v1/deliveries/7-7/ack", "{}", 409}, Mistake{"/v1/deliveries/no/ack", "{}", 404},
        Mistake{"/v1/deliveries/no", "{}", 404}}) {
    const RawAnswer answer = Post(target, body);
    EXPECT_EQ(answer.status, status) << target << " " << body.substr(0, 40) << answer.body;
    EXPECT_TRUE(answer.Has("Content-Type: application/problem+json")) << target;
  }
  for (const std::string& target : {std::string("/v1/executions"), kLease, place + "/ack"}) {
    RawClient client(server_->port());
    client.SendGet(target);
    const RawAnswer answer = client.Receive();
    EXPECT_EQ(answer.status, 405) << target;
    EXPECT_TRUE(answer.Has("Allow: POST")) << answer.headers;
  }
  queues_->Fail(BrokerError{BrokerFault::kUnreachable, "disk full"});
  for (const std::string& target : {kLease, place + "/ack", place + "/reject", place + "/extend"}) {
    const RawAnswer answer = Post(target, "");
    EXPECT_EQ(answer.status, 503) << target;
    EXPECT_TRUE(answer.Has("Retry-After: 5")) << answer.headers;
  }
}

TEST_F(WorkRoutesTest, WithTokensEachCallNeedsAnOperator) {
  const test::TemporaryFolder folder;
  const std::string path = folder / "tokens";
  const std::string viewer =
      AddToken(path, {.name = "vera", .role = Role::kViewer}, clock_->Now()).value();
  const std::string worker =
      AddToken(path, {.name = "otto", .role = Role::kOperator}, clock_->Now()).value();
  const auto tokens = std::move(*Tokens::Open(path, *clock_));
  Start({.tokens = tokens.get()});
  queues_->Send("work", "x");
  const auto as = [](const std::string& token) {
    return "Authorization: Bearer " + token + "\r\n";
  };
  for (const std::string target :
       {"/v1/executions", "/v1/queues/work/lease", "/v1/deliveries/7-7/ack",
        "/v1/deliveries/7-7/reject", "/v1/deliveries/7-7/extend"}) {
    EXPECT_EQ(Post(target, "{}").status, 401) << target;
    const RawAnswer refused = Post(target, "{}", as(viewer));
    EXPECT_EQ(refused.status, 403) << target;
    EXPECT_THAT(refused.headers, HasSubstr("insufficient_scope")) << target;
  }
  EXPECT_EQ(queues_->Ready("work"), 1U);
  EXPECT_EQ(DeliveriesIn(Post(kLease, "{}", as(worker))), 1U);
  server_.reset();  // before its tokens
}

TEST_F(WorkRoutesTest, AnIdempotencyKeyMakesASubmissionSafeToRepeat) {
  Start();
  const std::string body = R"({"queue":"work","action":"core.echo"})";
  const auto with = [&](const std::string& header, const std::string& sent) {
    return Post("/v1/executions", sent, header);
  };
  const RawAnswer first = with("Idempotency-Key: \"8e03978e-40d5\"\r\n", body);
  EXPECT_EQ(first.status, 201);
  for (const char* same :
       {"Idempotency-Key: \"8e03978e-40d5\"\r\n", "idempotency-key: 8e03978e-40d5\r\n"}) {
    const RawAnswer again = with(same, body);
    EXPECT_EQ(again.status, 201);
    EXPECT_EQ(again.body, first.body);
  }
  EXPECT_THAT(ledger_->submitted, SizeIs(1));
  EXPECT_EQ(with("Idempotency-Key: 8e03978e-40d5\r\n", body + " ").status, 422);
  EXPECT_EQ(with("", body).status, 201);
  EXPECT_THAT(ledger_->submitted, SizeIs(2));
  for (const std::string bad :
       {"Idempotency-Key: \"\"\r\n", "Idempotency-Key:\r\n", "Idempotency-Key: \"a\r\n",
        "Idempotency-Key: a b\r\n", "Idempotency-Key: \"a\";b=1\r\n",
        "Idempotency-Key: \"a\\n\"\r\n", "Idempotency-Key: a, b\r\n",
        "Idempotency-Key: a\r\nIdempotency-Key: a\r\n"}) {
    EXPECT_EQ(with(bad, body).status, 400) << bad;
  }
  EXPECT_EQ(with("Idempotency-Key: " + std::string(256, 'k') + "\r\n", body).status, 400);
  EXPECT_EQ(with("Idempotency-Key: " + std::string(255, 'k') + "\r\n", body).status, 201);
  EXPECT_EQ(with("Idempotency-Key: \"a \\\"b\\\\\"\r\n", body).status, 201);
  EXPECT_TRUE(ledger_->keyed.contains({std::string(kLocalCaller), R"(a "b\)"}));
}

TEST_F(WorkRoutesTest, WhereLeasesEndWithAConnectionEachCallSaysSo) {
  ServerOptions options;
  options.limits.max_waiting_calls = 0;
  Start(std::move(options), false);  // and no call waits to say it
  for (const char* target : {"/v1/executions", "/v1/queues/work/lease", "/v1/deliveries/7-7/ack",
                             "/v1/deliveries/7-7/reject", "/v1/deliveries/7-7/extend"}) {
    const RawAnswer answer = Post(target, "{}");
    EXPECT_EQ(answer.status, 409) << target;
    EXPECT_THAT(answer.body, HasSubstr("workers take their messages from RabbitMQ itself"));
  }
}

TEST_F(WorkRoutesTest, P9_WhoAsksTooOftenIsToldSoAndGivenNothing) {
  Start({}, true, {.per_second = 0.001, .burst = 1});
  EXPECT_EQ(DeliveriesIn(Post(kLease, "{}")), 0U);
  queues_->Send("work", "x");
  const RawAnswer refused = Post(kLease, "{}");
  EXPECT_EQ(refused.status, 429);
  EXPECT_THAT(refused.headers, HasSubstr("\r\nRetry-After: "));
  EXPECT_EQ(queues_->Ready("work"), 1U);
}

// ---- waiting

TEST_F(WorkRoutesTest, WhoWaitsKeepsNobodyElseWaiting) {
  Start();
  std::vector<std::unique_ptr<RawClient>> workers;
  for (int count = 0; count < 5; ++count) {
    workers.push_back(std::make_unique<RawClient>(server_->port()));
    workers.back()->Send(PostOf(kLease, R"({"wait":20})"));
  }
  queues_->WaitForWaiters(5);
  for (const char* target : {"/healthz", "/v1/letters"}) {
    RawClient client(server_->port());
    client.SendGet(target);
    EXPECT_EQ(client.Receive().status, 200);
  }
  for (std::size_t count = 0; count < workers.size(); ++count) queues_->Send("work", "x");
  for (const auto& worker : workers) EXPECT_EQ(DeliveriesIn(worker->Receive()), 1U);
}

TEST_F(WorkRoutesTest, P9_OneWhoWaitsTooManyIsToldSo) {
  ServerOptions options;
  options.limits.max_waiting_calls = 1;
  Start(std::move(options));
  RawClient first(server_->port());
  first.Send(PostOf(kLease, R"({"wait":20})"));
  queues_->WaitForWaiters(1);
  const RawAnswer refused = Post(kLease, "{}");
  EXPECT_EQ(refused.status, 503);
  EXPECT_TRUE(refused.Has("Retry-After: 1")) << refused.headers;
  EXPECT_THAT(refused.body, HasSubstr("1 calls wait for work already"));
  queues_->Send("work", "x");
  EXPECT_EQ(DeliveriesIn(first.Receive()), 1U);
  // Its place is free as soon as it has its answer, on its own connection, too.
  queues_->Send("work", "y");
  first.Send(PostOf(kLease, "{}"));
  EXPECT_EQ(DeliveriesIn(first.Receive()), 1U);
  EXPECT_EQ(DeliveriesIn(Post(kLease, "{}")), 0U);
}

TEST_F(WorkRoutesTest, P1_ForAClientThatHangsUpWhileItWaitsNothingIsTaken) {
  Start();
  {
    RawClient leaving(server_->port());
    leaving.Send(PostOf(kLease, R"({"wait":20})"));
    queues_->WaitForWaiters(1);
  }
  queues_->WaitForWaiters(0);
  queues_->Send("work", "x");
  EXPECT_EQ(queues_->Ready("work"), 1U);
  EXPECT_EQ(DeliveriesIn(Post(kLease, "{}")), 1U);
}

TEST_F(WorkRoutesTest, P9_WhoWaitsHoldsNothingOfWhatItSent) {
  ServerOptions options;
  options.limits.max_request_bytes = 100'000;
  Start(std::move(options));
  const std::string padded = R"({"wait":20})" + std::string(100'000, ' ');
  const RawAnswer refused = Post(kLease, padded);
  EXPECT_EQ(refused.status, 413);
  EXPECT_THAT(refused.body, HasSubstr("the body of a call that may wait has at most 65536 bytes"));
  // A body that announces no length counts as if it were large until it is there; while they wait,
  // these count no more, and there is room for another's.
  std::vector<std::unique_ptr<RawClient>> workers;
  for (std::size_t count = 1; count <= 3; ++count) {
    workers.push_back(std::make_unique<RawClient>(server_->port()));
    workers.back()->Send("POST " + kLease + " HTTP/1.1\r\nHost: localhost\r\n" + kJson +
                         "Transfer-Encoding: chunked\r\n\r\nb\r\n" + R"({"wait":20})" +
                         "\r\n0\r\n\r\n");
    queues_->WaitForWaiters(count);
  }
  const std::string large = R"({"queue":"work","action":"a"})" + std::string(90'000, ' ');
  EXPECT_EQ(Post("/v1/executions", large).status, 201);
  for (std::size_t count = 0; count < workers.size(); ++count) queues_->Send("work", "x");
  for (const auto& worker : workers) EXPECT_EQ(DeliveriesIn(worker->Receive()), 1U);
}

TEST_F(WorkRoutesTest, P9_SlowReadersCostOthersNoMessage) {
  constexpr std::size_t kBody = std::size_t{20} << 20;  // more than the sockets take
  ServerOptions options;
  options.limits.max_answer_bytes = kBody + (std::size_t{1} << 20);
  Start(std::move(options));
  queues_->Send("work", std::string(kBody, 'x'));
  RawClient slow(server_->port());
  slow.Send(PostOf(kLease, "{}"));
  ASSERT_TRUE(slow.IsReadable(20'000));
  queues_->Send("work", "y");
  const RawAnswer refused = Post(kLease, "{}");
  EXPECT_EQ(refused.status, 503);
  EXPECT_THAT(refused.body, HasSubstr("nothing is leased"));
  EXPECT_EQ(queues_->Ready("work"), 1U) << "nobody has to wait for the end of a lease";
  EXPECT_EQ(DeliveriesIn(slow.Receive()), 1U);
  RawAnswer answer = refused;  // until the server has seen that it has all of it
  while (answer.status == 503) answer = Post(kLease, "{}");
  EXPECT_EQ(DeliveriesIn(answer), 1U);
  EXPECT_THAT(answer.body, HasSubstr(R"("redelivered":false)"));
}

TEST_F(WorkRoutesTest, AClientThatSendsAheadIsWaitedForAndAnsweredInOrder) {
  Start();
  RawClient client(server_->port());
  client.Send(PostOf(kLease, R"({"wait":20})"));
  queues_->WaitForWaiters(1);
  client.Send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
  queues_->Send("work", "x");
  EXPECT_EQ(DeliveriesIn(client.Receive()), 1U);
  EXPECT_EQ(client.Receive().body, R"({"alive":true})");
}

TEST_F(WorkRoutesTest, AStopEndsEveryWaitAtOnce) {
  Start();
  std::vector<std::unique_ptr<RawClient>> workers;
  for (int count = 0; count < 3; ++count) {
    workers.push_back(std::make_unique<RawClient>(server_->port()));
    workers.back()->Send(PostOf(kLease, R"({"wait":20})"));
  }
  queues_->WaitForWaiters(3);
  std::jthread stopping([&] { server_->Stop(); });
  for (const auto& worker : workers) {
    const RawAnswer answer = worker->Receive();
    EXPECT_EQ(answer.status, 503);
    EXPECT_TRUE(answer.Has("Connection: close")) << answer.headers;
    EXPECT_THAT(answer.body, HasSubstr("the server is stopping"));
  }
  stopping.join();
  queues_->Send("work", "x");
  EXPECT_EQ(queues_->Ready("work"), 1U);
}

TEST(WaitersTest, EachWaitsOnAThreadOfItsOwnAndThreadsAreKept) {
  Waiters waiters;
  std::mutex mutex;
  std::condition_variable changed;
  std::set<std::thread::id> threads;
  int begun = 0;
  bool may_end = false;
  const auto work = [&] {
    std::unique_lock lock(mutex);
    threads.insert(std::this_thread::get_id());
    ++begun;
    changed.notify_all();
    changed.wait(lock, [&] { return may_end; });
  };
  for (int count = 0; count < 4; ++count) EXPECT_TRUE(waiters.Run(work, 3));
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return begun == 3; });
    EXPECT_EQ(threads.size(), 3U);
    may_end = true;
    changed.notify_all();
    changed.wait(lock, [&] { return begun == 4; });
    EXPECT_EQ(threads.size(), 3U) << "the fourth waited for one of them";
  }
  waiters.Join();
  EXPECT_FALSE(waiters.Run(work, 3));
  EXPECT_EQ(begun, 4);
}

}  // namespace
}  // namespace deadletter::http
