// `submit` while a wire breaks under it, at each of its points: it says what happened, so that who
// repeats it where it says that nothing was recorded doubles nothing, and what it recorded is sent.
#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <sstream>

#include "tests/campaign/points.h"
#include "tests/fault/fire.h"
#include "tests/fault/wire_break.h"
#include "tests/folders.h"

namespace deadletter::test {
namespace {

constexpr std::size_t kEach = 3;  // executions that one call submits

// The points that a `submit` passes; of the broker's wire those at which there is one.
std::vector<std::string> SubmitPoints(Wire wire) {
  std::vector<std::string> steps = {"publish.", "confirm.", "mark."};
  if (wire == Wire::kLedger) steps.insert(steps.end(), {"submit.", "claim."});
  std::vector<std::string> points = MatrixPoints("Servers");
  std::erase_if(points, [&](const std::string& point) {
    return std::ranges::none_of(steps, [&](const auto& step) { return point.starts_with(step); });
  });
  return points;
}

class SubmitCut : public Fire, public testing::WithParamInterface<CutCase> {
 protected:
  TcpGate& gate() { return GetParam().wire == Wire::kBroker ? broker_gate() : ledger_gate(); }

  ChildProcess Submit(const std::string& fault = "") {
    return ChildProcess(
        {DEADLETTER_BINARY_DIR "/deadletter-faults", "submit", "--queue", kWorkerQueue, "--action",
         "core.echo", "--count", std::to_string(kEach), "--config", world_.config_file()},
        {{{"DEADLETTER_FAULT", fault}}, world_.folder()});
  }

  // While it goes on. A silence ends when somebody on the way says that there is no such
  // connection, or when what was held goes on.
  void AwaitEnd(ChildProcess& submit, const GateCounts& before) {
    const bool is_silent = GetParam().how == Break::kBlackHole ||
                           GetParam().how == Break::kServerGoneUntold ||
                           GetParam().how == Break::kStalled;
    if (is_silent) {
      EXPECT_TRUE(WaitUntil([&] {
        return gate().counts().bytes_to_server > before.bytes_to_server ||
               submit.WaitForExit(std::chrono::milliseconds(0));
      }));
      gate().Pass();
      if (GetParam().how != Break::kStalled) gate().Reset();
    }
    EXPECT_TRUE(submit.WaitForExit(kPatience)) << submit.output();
    MendWire(gate());
  }

  std::set<std::string> Executions() {
    std::set<std::string> ids;
    for (const auto& row : Platform().Ask("SELECT id FROM execution")) ids.insert(*row.at(0));
    return ids;
  }
  // Those that were not there before.
  std::set<std::string> NewExecutions() {
    std::set<std::string> ids;
    std::ranges::set_difference(Executions(), known_, std::inserter(ids, ids.end()));
    return ids;
  }
  static std::set<std::string> Printed(ChildProcess& submit) {
    std::set<std::string> ids;
    std::istringstream lines(submit.standard_output());
    const std::string words = "submitted execution ";
    for (std::string line; std::getline(lines, line);) {
      EXPECT_TRUE(line.starts_with(words)) << line;
      ids.insert(line.substr(words.size()));
    }
    return ids;
  }

  // Whether a message that was on its way when the wire broke there may have arrived without its
  // answer, or its mark may be missing: only then may it be sent once more.
  static bool MayBeSentTwice(const std::string& point) {
    if (IsLate()) return false;
    return point.starts_with("publish.") || point.starts_with("confirm.") ||
           point.starts_with("mark.") || point == "claim.after";
  }
  // What is slow loses nothing.
  static bool IsLate() {
    const Break how = GetParam().how;
    return how == Break::kDelayed || how == Break::kStalled || how == Break::kSlow;
  }

  // Holds what it says against what is there, and does what a user would do.
  void ExpectItSaysWhatHappened(ChildProcess& submit, const std::string& point) {
    const int status = submit.WaitForExit(kPatience).value_or(-1);
    const std::string output = submit.output();
    const std::set<std::string> recorded = NewExecutions();
    const bool is_unknown =
        output.find("whether the executions were recorded is not known") != std::string::npos;
    const bool is_nothing = output.find("nothing was recorded") != std::string::npos;
    EXPECT_EQ(status, is_unknown || is_nothing ? 1 : 0) << output;
    EXPECT_EQ(Printed(submit), status == 0 ? recorded : std::set<std::string>{}) << output;
    if (is_nothing) {
      EXPECT_EQ(recorded.size(), 0U) << output;
    }
    if (is_unknown) {
      ++unknown_;
      EXPECT_EQ(recorded.size() % kEach, 0U) << output;  // all, or none
    }
    if (recorded.empty()) {
      ChildProcess again = Submit();
      EXPECT_EQ(again.WaitForExit(kPatience), 0) << again.output();
    }
    EXPECT_EQ(NewExecutions().size(), kEach) << output;
    if (!MayBeSentTwice(point)) sent_once_.merge(NewExecutions());
    known_ = Executions();
  }

  void BreakAt(const std::string& point) {
    SCOPED_TRACE(point);
    // The first claim opens its connection only after that.
    ChildProcess submit = Submit(point + (point == "claim.before" ? "=stop@2" : "=stop"));
    ASSERT_TRUE(submit.WaitForStop(kPatience)) << "never reached\n" << submit.output();
    const GateCounts before = gate().counts();
    EXPECT_GT(before.open, 0U) << "nothing to cut";
    BreakWire(gate(), GetParam().how, random_, kFewBytes);
    submit.Signal(SIGCONT);
    AwaitEnd(submit, before);
    ExpectItSaysWhatHappened(submit, point);
  }

  // A server sends what was left, and every execution's message is there: under one id each, by
  // which a worker tells a copy that was sent twice because the first answer was lost; and no copy
  // where no answer was lost.
  void ExpectEachHasItsMessage() {
    std::map<std::string, std::multiset<std::string>> messages;
    const auto consumer = world_.pair().broker().MakeConsumer(kWorkerQueue);
    ASSERT_TRUE(consumer->Subscribe(1'000).has_value());
    EXPECT_TRUE(WaitUntil([&] {
      const auto some = consumer->Receive({1'000, 1 << 20, std::chrono::milliseconds(100)});
      if (!some) return false;
      for (const Delivery& delivery : *some) {
        const boost::json::value body = boost::json::parse(delivery.message.body);
        messages[boost::json::serialize(body.at("payload").at("execution_id"))].insert(
            delivery.message.properties.message_id.value_or(""));
      }
      return messages.size() >= known_.size() && some->empty();
    }));
    consumer->Close();
    EXPECT_EQ(messages.size(), known_.size());
    for (const auto& [execution, ids] : messages) {
      EXPECT_TRUE(known_.contains(execution)) << execution;
      EXPECT_EQ(ids.count(*ids.begin()), ids.size()) << execution << " under several ids";
      if (sent_once_.contains(execution)) {
        EXPECT_EQ(ids.size(), 1U) << execution;
      }
    }
  }

  int unknown_ = 0;  // times that it did not know

 private:
  std::mt19937_64 random_{20'260'102};
  std::set<std::string> known_;  // executions
  std::set<std::string>
      sent_once_;  // of them, those whose message nobody had a reason to send again
};

TEST_P(SubmitCut, P1_P3_ItSaysWhatHappenedAndARepeatDoublesNothing) {
  for (const std::string& point : SubmitPoints(GetParam().wire)) {
    BreakAt(point);
    if (HasFatalFailure()) return;
  }
  // Only a commit whose answer is lost leaves a doubt.
  const bool may_doubt = GetParam().wire == Wire::kLedger && !IsLate();
  EXPECT_EQ(unknown_, may_doubt ? 1 : 0);
  Server server = world_.Serve();
  ASSERT_TRUE(server.WaitUntilReady()) << server.process().output();
  ExpectEachHasItsMessage();
  Account account;
  for (const RowFact& row : world_.pair().ledger().ReadFacts().rows) {
    account.Row(ExecutionId(std::int64_t{std::stoll(row.id)}), "scheduled");
  }
  CloseBooks(world_, account, {&server});
}

INSTANTIATE_TEST_SUITE_P(Wires, SubmitCut, testing::ValuesIn(AllCuts()),
                         [](const testing::TestParamInfo<CutCase>& cut) {
                           return NameOf(cut.param);
                         });

}  // namespace
}  // namespace deadletter::test
