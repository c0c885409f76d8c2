// A world with a worker and an operator: executions die, are brought back over HTTP, and their
// messages are taken as a worker would take them.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/rfc3339.h"
#include "letter/retry_message.h"
#include "tests/account/books.h"
#include "tests/support/http_get.h"
#include "tests/system/world.h"

namespace deadletter::test {

class ReplayWorld {
 public:
  explicit ReplayWorld(const PairFactory& pair, WorldOptions options = {})
      : world_(pair, std::move(options)),
        queue_(world_.pair().broker().MakeWorkQueue()),
        executions_(world_.pair().ledger().OpenExecutions()) {
    account_.Watches(kWorkerQueue);
  }

  [[nodiscard]] World& world() { return world_; }

  // Executions `from` to `until`, each with its message, whose attempt stamp is the row's.
  void Submit(int from, int until, const std::string& more_payload = "") {
    std::vector<Message> messages;
    for (int number = from; number <= until; ++number) {
      const ExecutionId id = world_.AddExecution(number);
      Message message;
      message.body =
          world_.Envelope(std::to_string(number),
                          R"(,"worker_id":7,"scheduled_attempt_updated_at":")" +
                              FormatRfc3339(world_.Row(id).updated.value()) + '"' + more_payload);
      messages.push_back(std::move(message));
    }
    world_.Publish({"attune.executions", "execution.dispatch.worker.7"}, messages);
  }
  // The worker takes `count` messages, waiting for them.
  [[nodiscard]] std::vector<Lease> Take(std::size_t count,
                                        const std::string& queue = kWorkerQueue) {
    std::vector<Lease> leases;
    EXPECT_TRUE(WaitUntil([&] {
      auto more = queue_->Take(queue, count - leases.size(), std::chrono::minutes(2),
                               std::chrono::milliseconds(100));
      if (more) {
        for (Lease& lease : *more) leases.push_back(std::move(lease));
      }
      return leases.size() >= count;
    })) << "only "
        << leases.size() << " messages in " << queue;
    return leases;
  }
  void Reject(const std::vector<Lease>& leases) {
    for (const Lease& lease : leases) EXPECT_TRUE(queue_->Reject(lease.id, false).value());
  }
  void Complete(const std::vector<Lease>& leases) {
    for (const Lease& lease : leases) {
      const ExecutionId id = ExecutionOf(lease);
      const auto done =
          executions_->FinishIfFailable(id, AttemptOf(lease.delivery.message), "completed", "{}");
      EXPECT_TRUE(done && *done) << id.ToString();
      if (account_.Knows(id.ToString())) account_.Moved(id, "completed", "{}");
      account_.Takes(lease.delivery.message);
      EXPECT_TRUE(queue_->Acknowledge(lease.id).value());
    }
  }
  // Executions that their worker has rejected, and the ledger has failed.
  void Fail(int from, int until, const std::string& more_payload = "") {
    Submit(from, until, more_payload);
    Reject(Take(static_cast<std::size_t>(until - from + 1)));
    for (int number = from; number <= until; ++number) {
      ASSERT_TRUE(world_.WaitForStatus(ExecutionId(std::int64_t{number}), "failed"));
    }
  }

  // For a test that ends with the account, which wants to know exactly what is sent: executions,
  // and their letters, dead. `change`: what this letter has of its own.
  using Change = std::function<void(int number, Message& letter)>;
  void SendDead(int from, int until, const Change& change = {}) {
    AddExecutions(world_, account_, from, until);
    std::vector<Message> letters;
    for (int number = from; number <= until; ++number) {
      Message letter = World::DeadMessage(world_.Envelope(std::to_string(number)));
      if (change) change(number, letter);
      letters.push_back(AsPublished(std::move(letter)));
      account_.Sends(letters.back(), Nature::kReplayed, ExecutionId(std::int64_t{number}));
    }
    world_.Publish({kDeadLetterExchange, "execution.dispatch.worker.7"}, letters);
    for (const Message& letter : letters) account_.Sent(letter);
  }
  // The same, and they have failed.
  void FailTold(int from, int until, const Change& change = {}) {
    SendDead(from, until, change);
    for (int number = from; number <= until; ++number) {
      ASSERT_TRUE(world_.WaitForStatus(ExecutionId(std::int64_t{number}), "failed"));
    }
  }
  // The open letters that failed the executions named, or all that failed any; the account knows
  // that they are to be replayed.
  [[nodiscard]] std::vector<std::string> Choose(const std::set<std::string>& executions = {}) {
    std::vector<std::string> letters;
    for (const LetterSummary& letter : world_.Letters()) {
      const bool is_chosen =
          executions.empty() || executions.contains(letter.execution_id.value_or(""));
      if (!is_chosen || letter.outcome != Outcome::kFailed || letter.state != LetterState::kOpen)
        continue;
      letters.push_back(FormatUuid(letter.id.value()));
      account_.Replays(letters.back());
    }
    return letters;
  }
  // Makes a replay that must be of the letters that are chosen so.
  [[nodiscard]] std::string MakeTold(Server& server, const std::string& json,
                                     const std::set<std::string>& executions = {}) {
    const std::vector<std::string> letters = Choose(executions);
    std::string replay = Make(server, json);
    account_.ReplayWasMade(replay, letters);
    return replay;
  }
  // As if everybody had waited long enough for the answers that are not there.
  void EndAllWaiting() {
    world_.pair().ledger().Meddle(
        "UPDATE {{replay_letter}} SET due_at = claimed_at WHERE step = 'sent'");
  }
  [[nodiscard]] Account& account() { return account_; }
  // The platform moves it by itself, and leaves its result as that is.
  void Move(int number, const std::string& status) {
    const ExecutionId id(std::int64_t{number});
    account_.Moved(id, status, world_.Row(id).result_json);
    world_.pair().ledger().SetStatus(id, status);
  }
  // The end of a test: it came to rest, and every promise was kept. The servers still run.
  void ExpectAllIsWell(const std::vector<Server*>& servers) {
    CloseBooks(world_, account_, servers);
  }

  [[nodiscard]] std::size_t Waiting() { return world_.pair().broker().ReadyMessages(kWorkerQueue); }

  [[nodiscard]] static ExecutionId ExecutionOf(const Lease& lease) {
    const boost::json::value body = boost::json::parse(lease.delivery.message.body);
    return ExecutionId(body.at("payload").at("execution_id").as_int64());
  }
  [[nodiscard]] static std::string StampOf(const Lease& lease) {
    const boost::json::value body = boost::json::parse(lease.delivery.message.body);
    return std::string(body.at("payload").at("scheduled_attempt_updated_at").as_string());
  }
  [[nodiscard]] static std::string HeaderOf(const Lease& lease, std::string_view name) {
    const std::string* text = AsString(lease.delivery.message.headers.Find(name));
    return text == nullptr ? "" : *text;
  }

  // POST /v1/replays.
  [[nodiscard]] static HttpAnswer Ask(Server& server, const std::string& json) {
    return HttpPost(server.url() + "/v1/replays", json);
  }
  [[nodiscard]] static std::string Make(Server& server, const std::string& json) {
    const HttpAnswer answer = Ask(server, json);
    if (answer.status != 201)
      throw std::runtime_error(std::to_string(answer.status) + ": " + answer.body);
    return std::string(boost::json::parse(answer.body).at("id").as_string());
  }
  [[nodiscard]] static boost::json::value Show(Server& server, const std::string& replay) {
    return server.Get("/v1/replays/" + replay);
  }
  [[nodiscard]] static std::int64_t Count(Server& server, const std::string& replay,
                                          const std::string& what) {
    return Show(server, replay).at("counts").at(what).as_int64();
  }
  [[nodiscard]] static bool WaitForCount(Server& server, const std::string& replay,
                                         const std::string& what, std::int64_t count) {
    return WaitUntil([&] { return Count(server, replay, what) == count; });
  }
  [[nodiscard]] static bool WaitForState(Server& server, const std::string& replay,
                                         const std::string& state) {
    return WaitUntil([&] { return Show(server, replay).at("state") == boost::json::value(state); });
  }
  // How each letter stands, by its execution: "sent", "succeeded", …
  [[nodiscard]] static std::map<std::string, std::string> Parts(Server& server,
                                                                const std::string& replay) {
    std::map<std::string, std::string> parts;
    const boost::json::value page = server.Get("/v1/replays/" + replay + "/letters?limit=1000");
    for (const boost::json::value& letter : page.at("items").as_array()) {
      const boost::json::value& end = letter.at("outcome");
      parts[std::string(letter.at("execution_id").as_string())] =
          std::string((end.is_null() ? letter.at("step") : end).as_string());
    }
    return parts;
  }

 private:
  World world_;
  std::unique_ptr<WorkQueue> queue_;
  std::unique_ptr<Executions> executions_;
  Account account_;
};

inline constexpr const char* kAllFailed = R"({"filter":{"outcome":"failed","state":"open"}})";

}  // namespace deadletter::test
