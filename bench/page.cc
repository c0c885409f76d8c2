// The ledger at size: what a page of a list takes, and what settling takes over it.
#include <fmt/format.h>

#include <boost/json.hpp>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "bench/plans.h"
#include "bench/report.h"
#include "bench/road.h"
#include "bench/scenarios.h"
#include "tests/support/http_get.h"
#include "tests/support/platform_connection.h"

namespace deadletter::bench {
namespace {

using std::chrono::steady_clock;

constexpr int kFarPage = 1'000;
// Each page is asked for so often, but for no longer than that.
constexpr std::size_t kTimes = 300;
constexpr std::chrono::seconds kLongEnough(20);
constexpr double kMostMilliseconds = 100;
constexpr std::chrono::hours kLongestCounting(6);

struct Case {
  const char* name;
  const char* filter;
};

// As ledger/letters.sql makes them. Dense: a large share of the letters. Sparse: one in ten
// thousand, or one.
constexpr Case kCases[] = {
    {"all", ""},
    {"state, dense", "&state=open"},
    {"state, sparse", "&state=waiting"},
    {"group, dense", "&group=564704dd879fd88b2165de0acf7534b9"},
    {"group, sparse", "&group=a7a189951821c2ebf7bf3167ec3f9fbe"},
    {"action, dense", "&action=core.action_7"},
    {"action, sparse", "&action=core.rare"},
    {"queue, dense", "&queue=worker.7.executions"},
    {"queue, sparse", "&queue=worker.rare.executions"},
    {"execution", "&execution_id=-5"},
    {"action and state, sparse", "&action=core.rare&state=open"},
};

struct Pages {
  std::string name;
  std::string path;
};

std::vector<Pages> AllPages() {
  std::vector<Pages> all;
  for (const Case& one : kCases)
    all.push_back({one.name, std::string("/v1/letters?limit=100") + one.filter});
  for (const char* order : {"last_seen", "letters"})
    all.push_back(
        {fmt::format("groups by {}", order), fmt::format("/v1/groups?limit=100&order={}", order)});
  return all;
}

struct Page {
  std::string next;  // empty: there is none
  std::size_t items = 0;
  double milliseconds = 0;
};

Page Fetch(const std::string& url) {
  const auto began = steady_clock::now();
  const test::HttpAnswer answer = test::HttpGet(url);
  Page page;
  page.milliseconds =
      std::chrono::duration<double, std::milli>(steady_clock::now() - began).count();
  if (answer.status != 200) throw std::runtime_error(url + ": " + answer.body);
  const boost::json::value json = boost::json::parse(answer.body);
  page.items = json.at("items").as_array().size();
  if (json.at("next_cursor").is_string()) page.next = json.at("next_cursor").as_string().c_str();
  return page;
}

// The median, the 99th percentile and the number of requests of one page.
void AddPage(Report& report, const std::string& name, const std::string& url) {
  std::vector<double> took;
  const auto began = steady_clock::now();
  while (took.size() < kTimes && (took.size() < 5 || steady_clock::now() - began < kLongEnough))
    took.push_back(Fetch(url).milliseconds);
  for (const double milliseconds : took) report.Add(name, "ms", milliseconds);
  report.Ratio(fmt::format("{}: p99 / {:g} ms", name, kMostMilliseconds),
               Percentile(took, 0.99) / kMostMilliseconds, "below 1");
}

// The first page and the thousandth, or the last where there are fewer.
void AddPages(Report& report, const std::string& name, const std::string& url) {
  Page page = Fetch(url);
  int number = 1;
  std::string at = url;
  for (; number < kFarPage && !page.next.empty(); ++number) {
    at = url + "&cursor=" + page.next;
    page = Fetch(at);
  }
  const std::string first = name + ", first page";
  AddPage(report, first, url);
  if (number == 1) return;
  const std::string far = fmt::format("{}, page {}", name, number);
  AddPage(report, far, at);
  report.Ratio(fmt::format("{}: page {} / first", name, number),
               report.MedianOf(far) / report.MedianOf(first), "within 2");
}

// Groups and statistics have what is counted; all of it must be.
void AwaitCounted(Report& report, test::PlatformConnection& database, std::size_t letters) {
  const auto began = steady_clock::now();
  const std::string all = std::to_string(letters);
  while (database.Value("SELECT counted FROM deadletter.counting") != all) {
    if (steady_clock::now() - began > kLongestCounting)
      throw std::runtime_error("the letters are never counted");
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
  const std::chrono::duration<double> took = steady_clock::now() - began;
  report.Add("counted into groups", kRate, static_cast<double>(letters) / took.count());
}

}  // namespace

void PageThrough(const Settings& settings, Lab& lab) {
  Servers& servers = lab.servers();
  const std::string url = servers.MakeDatabase({Platform::kShaped, 100, 0});
  const std::string vhost = servers.MakeVhost({Platform::kShaped, 0, 0});
  Served served(servers.AmqpUrl(vhost), servers.ManagementUrl(), url, {kDeadLetterQueue});
  served.Migrate();
  servers.FillLedger(url, settings.letters);
  served.Start();
  served.AwaitConsuming();
  Report report("page");
  report.Say("letters", std::to_string(settings.letters));
  test::PlatformConnection database(url);
  AwaitCounted(report, database, settings.letters);
  const auto all = AllPages();
  for (const Pages& pages : all) AddPages(report, pages.name, served.Url() + pages.path);
  served.Stop();
  if (settings.plans) {
    PlanLog log(servers, url);
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
  report.Print();
}

void FullLedger(const Settings& settings, Lab& lab) {
  Servers& servers = lab.servers();
  const Filling filling{settings.platform, settings.road_letters, settings.body_bytes};
  Report report("ledger");
  report.Say("letters", std::to_string(settings.road_letters));
  report.Say("in the ledger", std::to_string(settings.letters));
  const std::string used = servers.MakeDatabase(filling);
  {
    Served served("amqp://guest:guest@127.0.0.1:1", "", used, {kDeadLetterQueue});
    served.Migrate();
  }
  servers.FillLedger(used, settings.letters);
  for (std::size_t run = 0; run < settings.runs; ++run) {
    report.Add("over an empty ledger", kRate,
               RunRoad(servers, {.filling = filling}).letters_per_second);
    const std::string copy = servers.CopyDatabase(used);
    report.Add("over a full one", kRate,
               RunRoad(servers, {.filling = filling, .database = copy}).letters_per_second);
    servers.DropDatabase(copy);
  }
  report.Ratio("full / empty",
               report.MedianOf("over a full one") / report.MedianOf("over an empty ledger"),
               "at least 0.85");
  report.Print();
}

}  // namespace deadletter::bench
