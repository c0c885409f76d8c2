#include "app/bench_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <numeric>
#include <sstream>

namespace deadletter {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

struct Rates {
  double drain = 10'000;
  double road = 2'000;
  double settle_share = 0.4;
};

BenchReport ReportOf(const Rates& rates, std::size_t runs = 1) {
  BenchReport report = BenchReport::Empty();
  report.pair = "rabbitmq+postgresql";
  report.letters = 1'000'000;
  report.body_bytes = 450;
  report.runs = runs;
  for (std::size_t run = 0; run < runs; ++run) {
    report.drain.figures[0].runs.push_back(rates.drain);
    report.commit.figures[0].runs.push_back(1);
    report.commit.figures[1].runs.push_back(2);
    report.road.figures[0].runs.push_back(rates.road);
    report.road.figures[1].runs.push_back(rates.road);
    report.road.figures[2].runs.push_back(rates.settle_share);
    report.road.figures[3].runs.push_back(0.3);
    report.latency.figures[0].runs.push_back(3);
    report.latency.figures[1].runs.push_back(5);
  }
  return report;
}

TEST(BenchFigures, AMedianIsTheMiddleOrBetweenTheTwoInTheMiddle) {
  BenchFigure figure{"x", "", "", {}};
  EXPECT_EQ(figure.Median(), 0);
  figure.runs = {3, 1, 2};
  EXPECT_EQ(figure.Median(), 2);
  figure.runs = {4, 1, 2, 3};
  EXPECT_EQ(figure.Median(), 2.5);
}

TEST(BenchFigures, APercentileIsAValueThatWasMeasured) {
  std::vector<double> values(500);
  std::iota(values.rbegin(), values.rend(), 1);
  EXPECT_EQ(BenchPercentile(values, 0.5), 250);
  EXPECT_EQ(BenchPercentile(values, 0.99), 495);
  EXPECT_EQ(BenchPercentile({7}, 0.99), 7);
}

TEST(BenchLimits, NameTheLedgerTheBrokerOrNothing) {
  EXPECT_THAT(BenchLimits(ReportOf({.settle_share = 0.82})),
              ElementsAre(StartsWith("The ledger limits it: 82 %"), HasSubstr("30 % of one")));
  EXPECT_THAT(BenchLimits(ReportOf({.road = 8'000})),
              ElementsAre(StartsWith("The broker limits it"), HasSubstr("30 % of one")));
  EXPECT_THAT(BenchLimits(ReportOf({})),
              ElementsAre(StartsWith("No one thing limits it: 40 %"), HasSubstr("30 % of one")));
}

TEST(BenchTable, FitsIntoEightyColumnsHoweverFastItIs) {
  for (const double rate : {0.5, 99.5, 1'234.0, 9'999'999.0}) {
    const std::string table = BenchTable(ReportOf({.drain = rate, .road = rate}, 20));
    std::istringstream lines(table);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80U) << line;
  }
  const std::string table = BenchTable(ReportOf({.drain = 12'918}));
  EXPECT_THAT(table, HasSubstr("12,918"));
  EXPECT_THAT(table, HasSubstr("road / drain 0.15, latency p99 / commit p99 2.50\n"));
}

TEST(BenchJson, IsAnObjectALineWithEveryRun) {
  std::istringstream lines(BenchJson(ReportOf({.road = 2'500}, 3)));
  std::vector<boost::json::value> told;
  for (std::string line; std::getline(lines, line);) told.push_back(boost::json::parse(line));
  ASSERT_EQ(told.size(), 5U);
  EXPECT_EQ(told[2].at("scenario"), "road");
  EXPECT_EQ(told[2].at("runs").as_array().size(), 3U);
  EXPECT_EQ(told[2].at("runs").at(1).at("letters_per_second").to_number<double>(), 2'500);
  EXPECT_EQ(told[4].at("road_to_drain").to_number<double>(), 0.25);
  EXPECT_EQ(told[4].at("latency_p99_to_commit_p99").to_number<double>(), 2.5);
}

// Where nothing went wrong but a clock did.
TEST(BenchJson, HoldsNoNumberThatJsonDoesNotHave) {
  BenchReport report = ReportOf({});
  report.drain.figures[0].runs[0] = std::numeric_limits<double>::infinity();
  report.commit.figures[1].runs[0] = 0;
  EXPECT_THAT(BenchJson(report), HasSubstr("\"letters_per_second\":null"));
  EXPECT_THAT(BenchJson(report), HasSubstr("\"latency_p99_to_commit_p99\":0,"));
}

}  // namespace
}  // namespace deadletter
