// A replay whose broker, ledger, wires or server fail in the middle of it: a world behind gates,
// and what must hold at the end of each such test.
#pragma once

#include <signal.h>

#include <future>
#include <set>

#include "tests/fault/fire.h"
#include "tests/replay/replay_world.h"

namespace deadletter::test {

class ReplayTrouble : public testing::Test {
 protected:
  TcpGate& broker_gate() { return dynamic_cast<GatedServers&>(world_.pair()).broker_gate(); }
  TcpGate& ledger_gate() { return dynamic_cast<GatedServers&>(world_.pair()).ledger_gate(); }
  PrivateRabbitMq& node() { return dynamic_cast<OnRabbitMq&>(world_.pair()).node(); }
  const std::string& vhost() { return dynamic_cast<OnRabbitMq&>(world_.pair()).vhost(); }

  [[nodiscard]] Server ServeWithOrders() {
    return world_.Serve({{"DEADLETTER_FAULT_FILE", order_file_}});
  }
  // That many more executions that have failed.
  void Fail(int count) {
    replays_.FailTold(executions_ + 1, executions_ + count);
    executions_ += count;
  }
  // A replay of all that is open, at whose next visit of the point the server stands still.
  [[nodiscard]] std::string ReplayUntil(Server& server, const std::string& point,
                                        const std::string& more = "") {
    const std::string before = NewestReplay();
    StopAtNext(order_file_, point);
    const std::vector<std::string> letters = replays_.Choose();
    const std::string json =
        R"({"filter":{"outcome":"failed","state":"open"},"answer_within_seconds":600)" + more + "}";
    // It may stand still before it has answered.
    asked_.push_back(std::async(std::launch::async, [url = server.url() + "/v1/replays", json] {
      return HttpPost(url, json);
    }));
    std::string replay = before;
    while (true) {
      const bool stands = server.process().WaitForStop(kPatience);
      EXPECT_TRUE(stands) << "never reached\n" << server.process().output();
      replay = NewestReplay();
      if (!stands || replay != before) break;
      // Somebody else came by first: what an earlier replay still owed, from when its wire broke.
      StopAtNext(order_file_, point);
      server.process().Signal(SIGCONT);
    }
    replays_.account().ReplayWasMade(replay, letters);
    return replay;
  }

  // Its id; empty where there is none.
  [[nodiscard]] std::string NewestReplay() {
    return PlatformConnection(world_.pair().LedgerUrl())
        .Value("SELECT id FROM deadletter.replay ORDER BY id DESC LIMIT 1");
  }

  [[nodiscard]] static bool AwaitReadiness(Server& server, const std::string& words) {
    const std::string url = server.url() + "/readyz";
    return WaitUntil([&] { return HttpGet(url).body.find(words) != std::string::npos; });
  }

  [[nodiscard]] static bool AwaitNothingToSend(Server& server, const std::string& replay) {
    return WaitUntil([&] {
      return std::ranges::none_of(ReplayWorld::Parts(server, replay), [](const auto& part) {
        return part.second == "pending" || part.second == "claimed" || part.second == "unsent";
      });
    });
  }

  // All is well again: every message goes out that is certain not to be out, none a second time;
  // what may be out or not is shown in doubt; and every end becomes known (P1, P3, P5). `most`: in
  // doubt.
  void ExpectItEnds(Server& server, const std::string& replay, std::int64_t most) {
    EXPECT_TRUE(server.WaitUntilReady()) << server.process().output();
    ASSERT_TRUE(AwaitNothingToSend(server, replay)) << server.process().output();
    const auto parts = ReplayWorld::Parts(server, replay);
    std::vector<Lease> leases = replays_.Take(replays_.Waiting());
    replays_.Complete(leases);
    replays_.EndAllWaiting();
    ASSERT_TRUE(ReplayWorld::WaitForState(server, replay, "done")) << server.process().output();
    // Whatever came late is there by now.
    const std::vector<Lease> late = replays_.Take(replays_.Waiting());
    leases.insert(leases.end(), late.begin(), late.end());
    std::multiset<std::string> sent;
    for (const Lease& lease : leases) sent.insert(ReplayWorld::ExecutionOf(lease).ToString());
    for (const auto& [execution, standing] : parts) {
      EXPECT_LE(sent.count(execution), 1U) << "P3: execution " << execution << " was sent twice";
      if (standing == "in_doubt") continue;
      EXPECT_EQ(sent.count(execution), 1U) << "P1: execution " << execution << " is " << standing;
    }
    const auto in_doubt = std::ranges::count(parts, std::string("in_doubt"),
                                             [](const auto& part) { return part.second; });
    EXPECT_LE(in_doubt, most);
    EXPECT_EQ(ReplayWorld::Count(server, replay, "succeeded"),
              static_cast<std::int64_t>(leases.size() - late.size()));
    EXPECT_EQ(ReplayWorld::Count(server, replay, "in_doubt"),
              static_cast<std::int64_t>(parts.size() + late.size() - leases.size()));
    EXPECT_EQ(ReplayWorld::Count(server, replay, "no_answer"), 0);
    // Whoever has looked may send those again, and nothing stays behind.
    for (const Lease& lease : late) CompleteOne(lease);
    if (leases.size() == parts.size()) return;
    const std::string again = replays_.MakeTold(server, kAllFailed);
    replays_.Complete(replays_.Take(parts.size() - leases.size()));
    EXPECT_TRUE(ReplayWorld::WaitForState(server, again, "done")) << server.process().output();
  }

  // Every execution has been brought back and completed, and every promise was kept; ends the
  // servers.
  void ExpectAllIsWell(const std::vector<Server*>& servers) {
    for (int number = 1; number <= executions_; ++number)
      EXPECT_EQ(world_.Row(ExecutionId(std::int64_t{number})).status, "completed") << number;
    replays_.ExpectAllIsWell(servers);
  }

  [[nodiscard]] static std::map<std::string, std::string> Details(Server& server,
                                                                  const std::string& replay) {
    std::map<std::string, std::string> details;
    const boost::json::value page = server.Get("/v1/replays/" + replay + "/letters?limit=1000");
    for (const boost::json::value& letter : page.at("items").as_array()) {
      const boost::json::value& detail = letter.at("detail");
      details[std::string(letter.at("execution_id").as_string())] =
          detail.is_null() ? "" : std::string(detail.as_string());
    }
    return details;
  }

  ReplayWorld replays_{GatedServersPair()};
  World& world_ = replays_.world();
  const std::string order_file_ = world_.folder() + "/stop_at";
  int executions_ = 0;

 private:
  void CompleteOne(const Lease& lease) { replays_.Complete({lease}); }

  std::vector<std::future<HttpAnswer>> asked_;  // each ends by itself
};

}  // namespace deadletter::test
