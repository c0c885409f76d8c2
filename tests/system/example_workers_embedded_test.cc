// The workers of examples/workers, run as users run them against the program as users have it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "tests/folders.h"
#include "tests/system/embedded_pair.h"
#include "tests/system/work_calls.h"

namespace deadletter::test {
namespace {

using boost::json::parse;

struct Example {
  std::string file;
  std::string interpreter;
  std::string lost;  // what it says of a lease that it has lost
};

void PrintTo(const Example& example, std::ostream* out) {
  *out << example.file;
}

class ExampleWorker : public testing::TestWithParam<Example> {
 protected:
  std::unique_ptr<ChildProcess> StartWorker(const std::string& url) {
    const std::string path =
        std::string(DEADLETTER_SOURCE_DIR "/examples/workers/") + GetParam().file;
    std::vector<std::string> command = {GetParam().interpreter, path};
    std::map<std::string, std::string> environment = {{"DEADLETTER_SERVER", url},
                                                      {"no_proxy", "127.0.0.1"}};
    if (GetParam().file.ends_with(".py")) {
      command.insert(command.end(), {"--lease", "3"});
    } else {
      environment["LEASE_SECONDS"] = "3";
    }
    command.emplace_back(kWorkerQueue);
    return std::make_unique<ChildProcess>(command, ChildOptions{std::move(environment), {}});
  }

  World world_{EmbeddedPair()};
};

std::string Asking(const std::string& action, const std::string& payload) {
  return std::string(R"({"queue":")") + kWorkerQueue + R"(","action":")" + action +
         R"(","payload":)" + payload + "}";
}

TEST_P(ExampleWorker, DoesWhatItCanRejectsWhatItCannotAndGoesOnWhateverHappens) {
  Server server = world_.Serve();
  const std::string url = server.url();
  ASSERT_TRUE(server.WaitUntilReady());
  auto worker = StartWorker(url);
  ASSERT_TRUE(worker->WaitForLine("working on", kPatience)) << worker->output();

  const ExecutionId echo = Submit(url, Asking("core.echo", R"({"text":"a \"b\" \u00e9"})"));
  ASSERT_TRUE(world_.WaitForStatus(echo, "completed")) << worker->output();
  EXPECT_EQ(parse(world_.Row(echo).result_json.value()),
            parse(R"({"said":{"text":"a \"b\" \u00e9"}})"));
  for (const std::string payload : {"null", "false", "[]", "{}"}) {
    const ExecutionId odd = Submit(url, Asking("core.echo", payload));
    ASSERT_TRUE(world_.WaitForStatus(odd, "completed")) << payload << worker->output();
    EXPECT_EQ(parse(world_.Row(odd).result_json.value()), parse(R"({"said":)" + payload + "}"));
  }
  const ExecutionId unknown = Submit(url, Asking("no.such", "{}"));
  ASSERT_TRUE(world_.WaitForStatus(unknown, "failed")) << worker->output();
  EXPECT_EQ(world_.OnlyLetter().reason, Reason::kRejected);

  // Longer than the lease, which is extended meanwhile: else the acknowledgement would come too
  // late.
  const ExecutionId slow = Submit(url, Asking("core.sleep", R"({"seconds":4})"));
  ASSERT_TRUE(world_.WaitForStatus(slow, "completed")) << worker->output();
  EXPECT_EQ(world_.pair().broker().ReadyMessages(kWorkerQueue), 0u);

  // The message is taken away under its hands, and the queue with it.
  Submit(url, Asking("core.sleep", R"({"seconds":4})"));
  ASSERT_TRUE(WaitUntil([&] {
    const auto outbox = world_.pair().ledger().CountFacts().outbox;
    return outbox == 0 && world_.pair().broker().ReadyMessages(kWorkerQueue) == 0;
  }));
  world_.pair().broker().DeleteQueue(kWorkerQueue);
  ASSERT_TRUE(worker->WaitForLine(GetParam().lost, kPatience)) << worker->output();
  ASSERT_EQ(world_.Run({"topology", "apply"}).status, 0);

  // The server dies, and another one comes to the same place.
  const std::size_t before = worker->lines();
  server.process().Signal(SIGKILL);
  ASSERT_EQ(server.process().WaitForExit(kPatience), kKilledByTest);
  ASSERT_TRUE(worker->WaitForLine("once more in", kPatience, before)) << worker->output();
  ChildProcess next({DEADLETTER_BINARY_DIR "/deadletter", "serve", "--config", world_.config_file(),
                     "--listen", url.substr(url.rfind('/') + 1)},
                    {{}, world_.folder()});
  ASSERT_TRUE(WaitUntil([&] { return HttpGet(url + "/readyz").status == 200; })) << next.output();
  const ExecutionId last = Submit(url);
  ASSERT_TRUE(world_.WaitForStatus(last, "completed")) << worker->output();

  worker->Signal(SIGTERM);
  EXPECT_EQ(worker->WaitForExit(kPatience), 0) << worker->output();
}

// The server has given it a message, and cannot tell yet.
TEST_P(ExampleWorker, P1_WhatIsGivenToItWhileItIsToldToEndIsDone) {
  Server server = world_.Serve({{"DEADLETTER_FAULT", "take.after=stop"}});
  const std::string url = server.url();
  ASSERT_TRUE(server.WaitUntilReady());
  const ExecutionId id = Submit(url);
  auto worker = StartWorker(url);
  ASSERT_TRUE(server.process().WaitForStop(kPatience)) << worker->output();
  worker->Signal(SIGTERM);
  server.process().Signal(SIGCONT);
  EXPECT_EQ(worker->WaitForExit(kPatience), 0) << worker->output();
  EXPECT_EQ(world_.Row(id).status, "completed") << worker->output();
  EXPECT_EQ(world_.pair().broker().ReadyMessages(kWorkerQueue), 0u);
}

// The result of work whose row somebody else has renewed is not taken.
TEST_P(ExampleWorker, P5_WhereItsRowWasRenewedItRejectsAndTheDeathIsSeen) {
  Server server = world_.Serve();
  const std::string url = server.url();
  ASSERT_TRUE(server.WaitUntilReady());
  const ExecutionId id = Submit(url);
  const auto sent = world_.Row(id).updated;
  while (world_.Row(id).updated == sent) world_.pair().ledger().SetStatus(id, "running");
  auto worker = StartWorker(url);
  ASSERT_EQ(world_.WaitForLetters(1).size(), 1u) << worker->output();
  ASSERT_TRUE(WaitUntil([&] { return world_.OnlyLetter().outcome == Outcome::kStaleAttempt; }));
  EXPECT_EQ(world_.OnlyLetter().state, LetterState::kOpen);
  EXPECT_EQ(world_.OnlyLetter().reason, Reason::kRejected);
  EXPECT_EQ(world_.Row(id).status, "running");
  const ExecutionId next = Submit(url);
  ASSERT_TRUE(world_.WaitForStatus(next, "completed")) << worker->output();
  worker->Signal(SIGTERM);
  EXPECT_EQ(worker->WaitForExit(kPatience), 0) << worker->output();
}

TEST_P(ExampleWorker, P3_WhereExecutionsAreOnlyObservedWorkIsDoneOnceAllTheSame) {
  Server server = world_.Serve({{"DEADLETTER_EXECUTIONS_MODE", "observe"}});
  const std::string url = server.url();
  ASSERT_TRUE(server.WaitUntilReady());
  world_.AddExecution(5);
  world_.Publish({"", kWorkerQueue}, world_.Envelope("5"));
  auto worker = StartWorker(url);
  ASSERT_TRUE(worker->WaitForLine("\"acknowledged\"", kPatience)) << worker->output();
  EXPECT_EQ(worker->WaitForExit(std::chrono::milliseconds(0)), std::nullopt);
  worker->Signal(SIGTERM);
  EXPECT_EQ(worker->WaitForExit(kPatience), 0) << worker->output();
  EXPECT_EQ(Post(url, kLeaseCall, "{}").at("deliveries").as_array().size(), 0u) << "it is gone";
  EXPECT_EQ(world_.Row(ExecutionId(5)).status, "scheduled");
}

INSTANTIATE_TEST_SUITE_P(Each, ExampleWorker,
                         testing::Values(Example{"worker.py", "python3", "the lease was lost"},
                                         Example{"worker.sh", "bash", "ack: 409"}),
                         [](const auto& each) {
                           return each.param.file.ends_with(".py") ? "Python" : "Shell";
                         });

}  // namespace
}  // namespace deadletter::test
