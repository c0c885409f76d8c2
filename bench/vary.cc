// One thing at a time made larger: what the road does as the work grows.
#include <fmt/format.h>

#include "bench/report.h"
#include "bench/road.h"
#include "bench/scenarios.h"
#include "tests/support/platform_connection.h"

namespace deadletter::bench {
namespace {

constexpr std::size_t kMostBytesALetter = 20'480;  // on the average

Filling FillingOf(const Settings& settings) {
  return {settings.platform, settings.letters, settings.body_bytes};
}

Report Begin(const char* scenario, const Settings& settings) {
  Report report(scenario);
  report.Say("platform", PlatformName(settings.platform));
  report.Say("letters", std::to_string(settings.letters));
  return report;
}

double Quotient(const Report& report, const std::string& above, const std::string& below) {
  const double divisor = report.MedianOf(below);
  return divisor > 0 ? report.MedianOf(above) / divisor : 0;
}

}  // namespace

void Backlog(const Settings& settings, Lab& lab) {
  Servers& servers = lab.servers();
  Report report = Begin("backlog", settings);
  for (std::size_t run = 0; run < settings.runs; ++run) {
    const RoadResult road = RunRoad(servers, {.filling = FillingOf(settings)});
    report.Add("the first tenth", kRate, road.first_per_second);
    report.Add("the last tenth", kRate, road.last_per_second);
    report.Add("all", kRate, road.letters_per_second);
    report.Add("peak resident memory", "MiB", road.resident_mib);
  }
  report.Ratio("last / first", Quotient(report, "the last tenth", "the first tenth"),
               "at least 0.9");
  report.Ratio("peak resident memory in MiB", report.MedianOf("peak resident memory"),
               "at most 64");
  report.Print();
}

void Instances(const Settings& settings, Lab& lab) {
  Servers& servers = lab.servers();
  Report report = Begin("instances", settings);
  for (std::size_t run = 0; run < settings.runs; ++run) {
    for (const int instances : {1, 2, 4}) {
      const RoadResult road =
          RunRoad(servers, {.filling = FillingOf(settings), .instances = instances});
      report.Add(fmt::format("{} instances", instances), kRate, road.letters_per_second);
    }
  }
  report.Ratio("2 instances / 1", Quotient(report, "2 instances", "1 instances"));
  report.Ratio("4 instances / 1", Quotient(report, "4 instances", "1 instances"));
  report.Print();
}

void Bodies(const Settings& settings, Lab& lab) {
  Servers& servers = lab.servers();
  Report report = Begin("bodies", settings);
  for (std::size_t run = 0; run < settings.runs; ++run) {
    for (const std::size_t bytes : {0, 1'024, 10'240, 102'400}) {
      Filling filling = FillingOf(settings);
      filling.body_bytes = bytes;
      // A bounded number of bytes, or the largest would take a hundred times as long; of 50,000
      // letters 1 GiB, many times what may be in memory.
      if (bytes > kMostBytesALetter) filling.letters = filling.letters * kMostBytesALetter / bytes;
      const RoadResult road = RunRoad(servers, {.filling = filling});
      const std::string name = bytes == 0 ? "450 bytes" : fmt::format("{} KiB", bytes / 1'024);
      report.Add(name, kRate, road.letters_per_second);
      report.Add(name + ", peak resident memory", "MiB", road.resident_mib);
    }
  }
  report.Ratio("peak resident memory in MiB, 100 KiB",
               report.MedianOf("100 KiB, peak resident memory"), "at most 128");
  report.Print();
}

void Queues(const Settings& settings, Lab& lab) {
  Servers& servers = lab.servers();
  Report report = Begin("queues", settings);
  for (std::size_t run = 0; run < settings.runs; ++run) {
    for (const int count : {1, 4, 16, 50}) {
      std::vector<std::string> queues;
      for (int n = 0; n < count; ++n) queues.push_back(fmt::format("dead.letters.{}", n));
      const RoadResult road = RunRoad(servers, {.filling = FillingOf(settings), .queues = queues});
      report.Add(fmt::format("{} queues", count), kRate, road.letters_per_second);
      report.Add(fmt::format("{} queues, peak resident memory", count), "MiB", road.resident_mib);
    }
  }
  report.Print();
}

}  // namespace deadletter::bench
