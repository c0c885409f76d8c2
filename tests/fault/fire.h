// What the tests of broken wires and services share: a world behind gates, letters under way, and
// the account at the end.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "tests/account/books.h"
#include "tests/support/http_get.h"
#include "tests/support/platform_connection.h"
#include "tests/support/private_rabbitmq.h"
#include "tests/system/figures.h"
#include "tests/system/servers_pair.h"
#include "tests/system/world.h"

namespace deadletter::test {

// For a process whose DEADLETTER_FAULT_FILE this is.
inline void StopAtNext(const std::string& order_file, const std::string& point) {
  std::ofstream(order_file + ".new") << point << "\n";
  ASSERT_EQ(std::rename((order_file + ".new").c_str(), order_file.c_str()), 0);
}

class Fire : public testing::Test {
 protected:
  static constexpr int kFewLetters = 20;  // where any number does

  explicit Fire(WorldOptions options = {}, const PairFactory& pair = GatedServersPair())
      : world_(pair, std::move(options)) {}

  TcpGate& broker_gate() { return dynamic_cast<GatedServers&>(world_.pair()).broker_gate(); }
  TcpGate& ledger_gate() { return dynamic_cast<GatedServers&>(world_.pair()).ledger_gate(); }
  PrivateRabbitMq& node() { return dynamic_cast<OnRabbitMq&>(world_.pair()).node(); }
  const std::string& vhost() { return dynamic_cast<OnRabbitMq&>(world_.pair()).vhost(); }
  PlatformConnection Platform() { return PlatformConnection(world_.pair().LedgerUrl()); }

  // That many more executions, numbered on from the last, and the letter of each.
  void SendLetters(int count, const std::string& more_payload = "") {
    const int from = letters_ + 1;
    Add(from, from + count - 1);
    SendFor(from, from + count - 1, more_payload);
  }
  void Add(int from, int until) { AddExecutions(world_, account_, from, until); }
  // The letters of executions that are there, in one go.
  void SendFor(int from, int until, const std::string& more_payload = "") {
    std::vector<Message> letters;
    for (int number = from; number <= until; ++number) {
      letters.push_back(
          AsPublished(World::DeadMessage(world_.Envelope(std::to_string(number), more_payload))));
      account_.Sends(letters.back(), Nature::kRequest, ExecutionId(std::int64_t{number}));
    }
    world_.Publish({kDeadLetterExchange, "execution.dispatch.worker.7"}, letters);
    for (const Message& letter : letters) account_.Sent(letter);
    letters_ = std::max(letters_, until);
  }
  // The same of executions that are there, with letters that nothing identifies: no time of death
  // is told.
  void SendWithoutKeys(int from, int until) {
    for (int number = from; number <= until; ++number) {
      Message letter = AsPublished(World::DeadMessage(world_.Envelope(std::to_string(number))));
      auto& deaths = std::get<FieldArray>(letter.headers.entries.front().value.value);
      auto& death = std::get<FieldTable>(deaths.front().value);
      std::erase_if(death.entries, [](const FieldEntry& entry) { return entry.name == "time"; });
      account_.Sends(letter, Nature::kRequest, ExecutionId(std::int64_t{number}));
      world_.PublishDead(letter);
      account_.Sent(letter);
    }
    letters_ = std::max(letters_, until);
  }
  [[nodiscard]] int letters() const { return letters_; }
  void Submitted(const ExecutionId& id) { account_.Submitted(id); }

  [[nodiscard]] bool HasFailed(std::int64_t number) {
    return world_.Row(ExecutionId(number)).status == "failed";
  }
  [[nodiscard]] bool AwaitFailed(std::int64_t from, std::int64_t until) {
    for (std::int64_t number = from; number <= until; ++number) {
      if (!WaitUntil([&] { return HasFailed(number); })) return false;
    }
    return true;
  }

  // What /readyz says of it, or would say.
  [[nodiscard]] static bool AwaitReadiness(Server& server, const std::string& words) {
    const std::string url = server.url() + "/readyz";
    return WaitUntil([&] { return HttpGet(url).body.find(words) != std::string::npos; });
  }

  [[nodiscard]] static bool AwaitMetric(Server& server, const std::string& words) {
    return WaitUntil([&] { return server.GetText("/metrics").find(words) != std::string::npos; });
  }
  [[nodiscard]] static bool AwaitPaused(Server& server, const std::string& cause) {
    const auto says_so =
        testing::ContainsRegex("\ndeadletter_intake_paused\\{[^}]*" + cause + "[^}]*\\} 1\n");
    return WaitUntil([&] { return testing::Matches(says_so)(server.GetText("/metrics")); });
  }

  // A user of the node's, without rights; and the way through the gate to the broker as that user.
  std::string BrokerUser() {
    std::string user = "clerk-" + FormatUuid(RandomUuid());
    node().AddUser(user, "place");
    return user;
  }
  std::string BrokerUrlOf(const std::string& user) {
    const std::string url = broker_gate().Through(node().AmqpUrl(vhost()));
    return "amqp://" + user + ":place" + url.substr(url.find('@'));
  }

  // It recovers, and every promise was kept; ends the server.
  void ExpectAllIsWell(Server& server) {
    EXPECT_TRUE(server.WaitUntilReady())
        << HttpGet(server.url() + "/readyz").body << server.process().output();
    const Balance balance = CloseBooks(world_, account_, {&server});
    EXPECT_EQ(balance.failed, static_cast<std::size_t>(letters_));
  }

  World world_;

 private:
  Account account_;
  int letters_ = 0;
};

}  // namespace deadletter::test
