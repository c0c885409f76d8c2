// The road beside what it is measured against, all of them once in every round.
#include <algorithm>
#include <string>
#include <vector>

#include "bench/report.h"
#include "bench/rivals.h"
#include "bench/road.h"
#include "bench/scenarios.h"

namespace deadletter::bench {
namespace {

constexpr std::uint16_t kPrefetches[] = {1'000, 2'000, 5'000};
constexpr std::size_t kSettleBatch = 1'000;
constexpr const char* kCpu = "us/letter";

void AddRoad(Report& report, const RoadResult& road) {
  report.Add("road", kRate, road.letters_per_second);
  report.Add("road, until its events are confirmed", kRate, road.events_per_second);
  report.Add("road, until all is counted and indexed", kRate, road.behind_per_second);
  report.Add("CPU of deadletter", kCpu, road.own_cpu_us);
  report.Add("CPU of PostgreSQL", kCpu, road.postgres_cpu_us);
  report.Add("CPU of RabbitMQ", kCpu, road.rabbitmq_cpu_us);
  report.Add("peak resident memory", "MiB", road.resident_mib);
}

std::string DrainName(std::uint16_t prefetch, bool gather) {
  return "drain, prefetch " + std::to_string(prefetch) + (gather ? ", gathering" : "");
}

// Broker alone: which way of draining is the fastest differs from machine to machine.
void AddDrains(Report& report, Servers& servers, const Filling& filling) {
  for (const std::uint16_t prefetch : kPrefetches) {
    for (const bool gather : {false, true}) {
      const RivalResult drained = RunDrain(servers, filling, prefetch, gather);
      report.Add(DrainName(prefetch, gather), kRate, drained.letters_per_second);
      report.Add("drain, CPU of RabbitMQ", kCpu, drained.rabbitmq_cpu_us);
    }
  }
}

double BestDrain(const Report& report) {
  double best = 0;
  for (const std::uint16_t prefetch : kPrefetches) {
    for (const bool gather : {false, true})
      best = std::max(best, report.MedianOf(DrainName(prefetch, gather)));
  }
  return best;
}

template <class Measure>
void Alone(const char* scenario, const Settings& settings, Lab& lab, Measure measure) {
  Servers& servers = lab.servers();
  const Filling filling{settings.platform, settings.letters, settings.body_bytes};
  Report report(scenario);
  report.Say("platform", PlatformName(settings.platform));
  report.Say("letters", std::to_string(settings.letters));
  for (std::size_t run = 0; run < settings.runs; ++run) measure(report, servers, filling);
  report.Print();
}

void AddSettle(Report& report, Servers& servers, const Filling& filling) {
  const RivalResult settled = RunSettle(servers, filling, kSettleBatch);
  report.Add("settle", kRate, settled.letters_per_second);
  report.Add("settle, CPU of PostgreSQL", kCpu, settled.postgres_cpu_us);
}

void AddOriginal(Report& report, Servers& servers, const Filling& filling) {
  report.Add("original", kRate, RunOriginal(servers, filling).letters_per_second);
}

void Compare(const Settings& settings, Lab& lab) {
  Servers& servers = lab.servers();
  const Filling filling{settings.platform, settings.letters, settings.body_bytes};
  Report report("compare");
  report.Say("platform", PlatformName(settings.platform));
  report.Say("letters", std::to_string(settings.letters));
  for (std::size_t run = 0; run < settings.runs; ++run) {
    AddDrains(report, servers, filling);
    AddSettle(report, servers, filling);
    AddRoad(report, RunRoad(servers, {.filling = filling, .await_what_is_behind = true}));
    AddOriginal(report, servers, filling);
  }
  const char* const at_least =
      settings.platform == Platform::kComplete ? "at least 6" : "at least 10";
  const double road = report.MedianOf("road");
  const double floor = std::min(BestDrain(report), report.MedianOf("settle"));
  report.Ratio("road / original", road / report.MedianOf("original"), at_least);
  report.Ratio("road / min(drain, settle)", road / floor, "at least 0.92");
  report.Ratio("own CPU / CPU of the servers",
               report.MedianOf("CPU of deadletter") /
                   (report.MedianOf("CPU of PostgreSQL") + report.MedianOf("CPU of RabbitMQ")),
               "at most 0.05");
  report.Print();
}

}  // namespace

void CompareAll(const Settings& settings, Lab& lab) {
  Compare(settings, lab);
}

void Drain(const Settings& settings, Lab& lab) {
  Alone("drain", settings, lab, AddDrains);
}

void Settle(const Settings& settings, Lab& lab) {
  Alone("settle", settings, lab, AddSettle);
}

void Road(const Settings& settings, Lab& lab) {
  Alone("road", settings, lab, [](Report& report, Servers& servers, const Filling& filling) {
    AddRoad(report, RunRoad(servers, {.filling = filling, .await_what_is_behind = true}));
  });
}

void OriginalAlone(const Settings& settings, Lab& lab) {
  Alone("original", settings, lab, AddOriginal);
}

}  // namespace deadletter::bench
