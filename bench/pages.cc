#include "bench/pages.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <stdexcept>

#include "bench/plans.h"
#include "tests/support/http_get.h"

namespace deadletter::bench {
namespace {

using PageClock = std::chrono::steady_clock;

constexpr int kFarPage = 1'000;
// Each page is asked for so often, but for no longer than that.
constexpr std::size_t kTimes = 300;
constexpr std::chrono::seconds kLongEnough(20);
constexpr double kMostListMilliseconds = 50;
constexpr double kMostMilliseconds = 100;  // of groups, and of searches
// Two seconds, and what the last statement takes over them.
constexpr double kMostLookingMilliseconds = 2'200;

struct Page {
  std::string next;  // empty: there is none
  std::size_t items = 0;
  double milliseconds = 0;
};

Page Fetch(const std::string& url) {
  const auto began = PageClock::now();
  const test::HttpAnswer answer = test::HttpGet(url);
  Page page;
  page.milliseconds = std::chrono::duration<double, std::milli>(PageClock::now() - began).count();
  if (answer.status != 200) throw std::runtime_error(url + ": " + answer.body);
  const boost::json::value json = boost::json::parse(answer.body);
  page.items = json.at("items").as_array().size();
  if (json.at("next_cursor").is_string()) page.next = json.at("next_cursor").as_string().c_str();
  return page;
}

// The median, the 99th percentile and the number of requests of one page; the first of them, which
// had to read it from the disk, took `first`.
void AddPage(Report& report, const std::string& name, const std::string& url, double most,
             double first) {
  std::vector<double> took = {first};
  const auto began = PageClock::now();
  while (took.size() < kTimes && (took.size() < 5 || PageClock::now() - began < kLongEnough))
    took.push_back(Fetch(url).milliseconds);
  for (const double milliseconds : took) report.Add(name, "ms", milliseconds);
  report.Ratio(fmt::format("{}: p99 / {:g} ms", name, most), Percentile(took, 0.99) / most,
               "below 1");
}

// The first page and the thousandth; the last whole one where there are fewer: what remains behind it
// is no page to compare with.
void AddPages(Report& report, const std::string& name, const std::string& url, Finding finding) {
  const bool indexed = finding == Finding::kIndexed;
  const bool is_list = url.find("/v1/letters") != std::string::npos && !url.contains("q=");
  const double found = is_list ? kMostListMilliseconds : kMostMilliseconds;
  const double most = indexed ? found : kMostLookingMilliseconds;
  Page page = Fetch(url);
  const double first_took = page.milliseconds;
  const std::size_t whole = page.items;
  int number = 1;
  std::string at = url;
  while (number < kFarPage && !page.next.empty()) {
    const std::string behind = url + "&cursor=" + page.next;
    Page next = Fetch(behind);
    if (indexed && next.items < whole) break;
    page = std::move(next);
    at = behind;
    ++number;
  }
  const std::string first = name + ", first page";
  AddPage(report, first, url, most, first_took);
  if (number == 1) return;
  const std::string far = fmt::format("{}, page {}", name, number);
  AddPage(report, far, at, most, page.milliseconds);
  // Where it is looked for, the last page has what remained, and says nothing of those before.
  const double quotient = report.MedianOf(far) / report.MedianOf(first);
  report.Ratio(fmt::format("{}: the slower of page {} and the first / the other", name, number),
               std::max(quotient, 1 / quotient), indexed ? "within 2" : "");
}

void PrintPlans(Served& served, Servers& servers, const std::string& database_url,
                const std::vector<Pages>& all) {
  PlanLog log(servers, database_url);
  served.Start();
  served.AwaitConsuming();
  for (const Pages& pages : all) {
    (void)Fetch(served.Url() + pages.path);
    (void)log.Longest();  // the first reads from disk
    (void)Fetch(served.Url() + pages.path);
    fmt::print(stderr, "\n{}: {}\n{}", pages.name, pages.path, log.Longest());
  }
  served.Stop();
}

}  // namespace

void MeasurePages(Report& report, Served& served, Servers& servers, const std::string& database_url,
                  const std::vector<Pages>& all, bool plans) {
  for (const Pages& pages : all) AddPages(report, pages.name, served.Url() + pages.path, pages.finding);
  served.Stop();
  if (plans) PrintPlans(served, servers, database_url, all);
}

}  // namespace deadletter::bench
