// The ledger at size: what a page of a list takes, and what settling takes over it.
#include <fmt/format.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "bench/pages.h"
#include "bench/report.h"
#include "bench/road.h"
#include "bench/scenarios.h"
#include "tests/support/platform_connection.h"

namespace deadletter::bench {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::hours kLongestCounting(6);

struct Case {
  const char* name;
  const char* filter;
  Finding finding = Finding::kIndexed;
};

// As ledger/letters.sql makes them. Dense: a large share of the letters. Sparse: one in ten
// thousand, or one. The last ones are served by no index: their pages end after two seconds.
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
    {"action and state, sparse", "&action=core.rare&state=open", Finding::kLookedFor},
    {"reason, dense", "&reason=expired", Finding::kLookedFor},
    {"reason, sparse", "&reason=maxlen", Finding::kLookedFor},
    {"type, nobody's", "&type=core.nothing", Finding::kLookedFor},
    {"worker, sparse", "&worker_id=rare", Finding::kLookedFor},
    {"state, dense, and worker, sparse", "&state=open&worker_id=rare", Finding::kLookedFor},
};

std::vector<Pages> AllPages() {
  std::vector<Pages> all;
  for (const Case& one : kCases)
    all.push_back({one.name, std::string("/v1/letters?limit=100") + one.filter, one.finding});
  for (const char* order : {"last_seen", "letters"})
    all.push_back(
        {fmt::format("groups by {}", order), fmt::format("/v1/groups?limit=100&order={}", order)});
  return all;
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
  MeasurePages(report, served, servers, url, AllPages(), settings.plans);
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
    // The last run may use up the ledger itself: a copy of 10,000,000 letters takes 35 GB more.
    const bool is_last = run + 1 == settings.runs;
    const std::string full = is_last ? used : servers.CopyDatabase(used);
    report.Add("over a full one", kRate,
               RunRoad(servers, {.filling = filling, .database = full}).letters_per_second);
    servers.DropDatabase(full);
  }
  report.Ratio("full / empty",
               report.MedianOf("over a full one") / report.MedianOf("over an empty ledger"),
               "at least 0.85");
  report.Print();
}

}  // namespace deadletter::bench
