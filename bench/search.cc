// Text search at size: how long letters take to be found at all, and a page of what is found.
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>

#include "bench/pages.h"
#include "bench/report.h"
#include "bench/scenarios.h"
#include "tests/support/platform_connection.h"

namespace deadletter::bench {
namespace {

constexpr std::chrono::hours kLongestIndexing(6);

// As ledger/letters.sql words them.
const std::vector<Pages> kQuestions = {
    {"one letter", "/v1/letters?limit=100&q=eba2ec4d7115da88692bfa6f2e9c1527"},
    {"one in a thousand", "/v1/letters?limit=100&q=db7"},
    {"every letter", "/v1/letters?limit=100&q=refused"},
    {"two words, every letter", "/v1/letters?limit=100&q=connection+refused"},
    {"every letter and one in a thousand", "/v1/letters?limit=100&q=refused+db7"},
    {"two words that seldom meet", "/v1/letters?limit=100&q=db7+rack9"},
    {"two words that never meet", "/v1/letters?limit=100&q=db7+db8"},
    {"none", "/v1/letters?limit=100&q=nowhere"},
    {"every letter, a rare state", "/v1/letters?limit=100&q=refused&state=waiting",
     Finding::kLookedFor},
    {"one in a thousand, a frequent state", "/v1/letters?limit=100&q=db7&state=open",
     Finding::kLookedFor},
};

void AwaitIndexed(Report& report, test::PlatformConnection& database, std::size_t letters) {
  const auto began = std::chrono::steady_clock::now();
  const std::string all = std::to_string(letters);
  while (database.Value("SELECT indexed FROM deadletter.text_index") != all) {
    if (std::chrono::steady_clock::now() - began > kLongestIndexing)
      throw std::runtime_error("the letters are never indexed");
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  report.Add("indexed by their words", kRate, static_cast<double>(letters) / took.count());
}

}  // namespace

void Search(const Settings& settings, Lab& lab) {
  Servers& servers = lab.servers();
  const std::string url = servers.MakeDatabase({Platform::kShaped, 100, 0});
  const std::string vhost = servers.MakeVhost({Platform::kShaped, 0, 0});
  Served served(servers.AmqpUrl(vhost), servers.ManagementUrl(), url, {kDeadLetterQueue});
  served.Migrate();
  servers.FillLedger(url, settings.letters);
  served.Start();
  served.AwaitConsuming();
  Report report("search");
  report.Say("letters", std::to_string(settings.letters));
  test::PlatformConnection database(url);
  AwaitIndexed(report, database, settings.letters);
  MeasurePages(report, served, servers, url, kQuestions, settings.plans);
  report.Print();
}

}  // namespace deadletter::bench
