// The plan of a chapter is what its seed says, and what the report promises of it is so.
#include "tests/soak/plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/campaign/points.h"
#include "tests/soak/report.h"

namespace deadletter::test {
namespace {

ChapterOptions Options() {
  ChapterOptions options{.points = {"receive.after", "migrate.before", "migrate.after"},
                         .servers = true};
  for (int number = 0; number < 20; ++number) {
    options.points.push_back("point." + std::to_string(number));
  }
  return options;
}

std::string AsText(const std::vector<Step>& plan) {
  std::string text;
  for (const Step& step : plan) {
    text += std::to_string(static_cast<int>(step.act)) + step.point + "@" +
            std::to_string(step.visit) + "/" + std::to_string(step.milliseconds) + " ";
  }
  return text;
}

TEST(SoakPlan, ASeedAlwaysMakesTheSamePlanAndAnotherSeedAnother) {
  EXPECT_EQ(AsText(PlanChapter(1, Options())), AsText(PlanChapter(1, Options())));
  EXPECT_NE(AsText(PlanChapter(1, Options())), AsText(PlanChapter(2, Options())));
}

TEST(SoakPlan, EveryPointIsKilledAtOnceAndMigrationsFirst) {
  std::multiset<std::string> points;
  const std::vector<Step> plan = PlanChapter(3, Options());
  for (const Step& step : plan) {
    if (step.act == Act::kKillAtPoint) points.insert(step.point);
  }
  const std::vector<std::string> wanted = Options().points;
  EXPECT_EQ(points, std::multiset<std::string>(wanted.begin(), wanted.end()));
  EXPECT_EQ(plan.at(0).point, "migrate.before");
  EXPECT_EQ(plan.at(1).point, "migrate.after");
}

TEST(SoakPlan, AtLeastAQuarterOfTheKillsAreAtRandomTimes) {
  const std::vector<Step> plan = PlanChapter(4, Options());
  const auto at = std::ranges::count(plan, Act::kKillAtPoint, &Step::act);
  const auto random = std::ranges::count(plan, Act::kKillAtRandomTime, &Step::act);
  EXPECT_GE(4 * random, at + random);
}

TEST(SoakPlan, ServersAreRestartedInOrderAndCrash) {
  const std::vector<Step> plan = PlanChapter(5, Options());
  for (const Act act :
       {Act::kRestartBroker, Act::kRestartLedger, Act::kCrashBroker, Act::kCrashLedger}) {
    EXPECT_EQ(std::ranges::count(plan, act, &Step::act), 1);
  }
}

SoakReport GoodReport() {
  SoakReport report;
  PairReport pair;
  pair.pair = "Embedded";
  pair.points = {"ack.after"};
  pair.chapters = 1;
  pair.tally.kills["ack.after"] = {.all = 2, .in_hand = 1};
  pair.tally.random = {.all = 4, .in_hand = 1};
  report.pairs.push_back(pair);
  return report;
}

TEST(SoakReport, APointWithoutAKillFails) {
  SoakReport report = GoodReport();
  EXPECT_EQ(Faults(report), "");
  EXPECT_NE(AsMarkdown(report).find("| `ack.after` | 2 | 1 |"), std::string::npos);
  report.pairs[0].points.push_back("mark.after");
  EXPECT_EQ(Faults(report), "Embedded: no kill at mark.after\n");
}

TEST(SoakReport, RestartsInOrderAndCrashesAreCountedApart) {
  SoakReport report = GoodReport();
  report.pairs[0].tally.broker_restarts = 2;
  report.pairs[0].tally.broker_crashes = 3;
  report.pairs[0].tally.ledger_restarts = 4;
  report.pairs[0].tally.ledger_crashes = 5;
  report.pairs[0].tally += report.pairs[0].tally;
  const std::string text = AsMarkdown(report);
  for (const char* row :
       {"| restarts of the broker, in order | 4 |", "| crashes of the broker (SIGKILL) | 6 |",
        "| restarts of the database, in order | 8 |",
        "| crashes of the database (immediate shutdown) | 10 |"}) {
    EXPECT_NE(text.find(row), std::string::npos) << row << "\n" << text;
  }
}

TEST(SoakReport, APointAtWhichNothingWasEverInHandFails) {
  SoakReport report = GoodReport();
  report.pairs[0].tally.kills["ack.after"].in_hand = 0;
  EXPECT_EQ(Faults(report), "Embedded: no kill at ack.after with letters in hand\n");
}

TEST(SoakReport, APointAtTheStartIsListedAsSuchAndMustOnlyBeKilledAt) {
  SoakReport report = GoodReport();
  report.pairs[0].points.push_back("open.after");
  EXPECT_EQ(Faults(report), "Embedded: no kill at open.after\n");
  report.pairs[0].tally.kills["open.after"] = {.all = 3, .in_hand = 0};
  EXPECT_EQ(Faults(report), "");
  EXPECT_NE(AsMarkdown(report).find("| `open.after` | 3 | – (at start) |"), std::string::npos);
}

// Whoever is excused is excused by name; the list is short, and every name on it is a point.
TEST(SoakReport, ThesePointsAndNoOthersAreAtTheStart) {
  const auto excused = [](const std::string& pair) {
    std::vector<std::string> points = MatrixPoints(pair);
    std::erase_if(points, [&](const std::string& point) { return !IsAtStart(pair, point); });
    return std::set<std::string>(points.begin(), points.end());
  };
  EXPECT_EQ(excused("Servers"),
            (std::set<std::string>{"subscribe.before", "migrate.before", "migrate.after",
                                   "submit.before", "submit.after"}));
  EXPECT_EQ(
      excused("Embedded"),
      (std::set<std::string>{"subscribe.before", "subscribe.after", "migrate.before",
                             "migrate.written", "migrate.after", "submit.before", "submit.after",
                             "open.before", "open.after", "declare.before", "declare.after"}));
}

TEST(SoakReport, AThousandKillsAreDueInHalfAnHourAndInLessAsManyFewer) {
  SoakReport report = GoodReport();
  report.pairs.push_back(GoodReport().pairs[0]);
  report.minutes = 30;
  report.pairs[0].tally.kills["ack.after"].all = 700;
  report.pairs[0].tally.random.all = 250;
  report.pairs[1].tally.random.all = 47;
  EXPECT_EQ(Faults(report), "999 kills, where 1000 are due in 30 minutes\n");
  EXPECT_NE(AsMarkdown(report).find("999 kills, where 1000 are due"), std::string::npos);
  ++report.pairs[1].tally.random.all;
  EXPECT_EQ(Faults(report), "");
  report.minutes = 1;
  EXPECT_EQ(KillsDue(report), 34u);
  EXPECT_NE(AsMarkdown(report).find("| kills due | 34, and of each pair's a quarter"),
            std::string::npos);
}

TEST(SoakReport, AQuarterOfEachPairsKillsIsAtRandomTimesHoweverLongItRan) {
  SoakReport report = GoodReport();
  report.pairs[0].tally.kills["ack.after"].all = 13;
  EXPECT_EQ(Faults(report),
            "Embedded: 4 of 17 kills at random times, of the release binary: fewer than a "
            "quarter\n");
  report.pairs[0].tally.kills["ack.after"].all = 12;
  EXPECT_EQ(Faults(report), "");
}

// On both pairs, and none of them is excused.
TEST(SoakReport, TheRunFailsWithoutAKillInAReplay) {
  for (const char* pair : {"Embedded", "Servers"}) {
    const std::vector<std::string> points = MatrixPoints(pair);
    for (const char* step : {"replayclaim", "replaysend", "replaymark"}) {
      for (const char* side : {".before", ".after"}) {
        const std::string point = std::string(step) + side;
        EXPECT_EQ(std::ranges::count(points, point), 1) << point;
        EXPECT_TRUE(IsOfReplay(point));
        SoakReport report = GoodReport();
        report.pairs[0].pair = pair;
        report.pairs[0].points.push_back(point);
        EXPECT_EQ(Faults(report), std::string(pair) + ": no kill at " + point + "\n");
        report.pairs[0].tally.kills[point] = {.all = 1, .in_hand = 0};
        EXPECT_EQ(Faults(report),
                  std::string(pair) + ": no kill at " + point + " with letters in hand\n");
      }
    }
  }
}

TEST(SoakReport, ALetterThatNoRuleTouchedFails) {
  SoakReport report = GoodReport();
  report.pairs[0].outcomes = {"retried", "parked"};
  report.pairs[0].tally.became = {{"retried", 3}};
  EXPECT_EQ(Faults(report), "Embedded: no letter was parked\n");
  EXPECT_NE(AsMarkdown(report).find("| of them, once or in the end, retried | 3 |"),
            std::string::npos);
}

TEST(SoakReport, WhatIsBrokenOrStoppedFails) {
  SoakReport report = GoodReport();
  report.pairs[0].tally.findings = "execution 5: failed, and nobody heard of it\n";
  report.pairs[0].stopped = "the broker does not take messages";
  report.pairs[0].chapters = 0;
  EXPECT_EQ(Faults(report),
            "Embedded stopped: the broker does not take messages\n"
            "execution 5: failed, and nobody heard of it\n"
            "Embedded: no world was brought to its end\n");
}

}  // namespace
}  // namespace deadletter::test
