// What the named fault points cost the released program: this one is linked as that is, so that
// none of them does anything.
#include <time.h>

#include <algorithm>
#include <stdexcept>
#include <string>

#include "base/fault_point.h"
#include "bench/report.h"
#include "bench/scenarios.h"

namespace deadletter::bench {
namespace {

constexpr int kVisits = 200'000'000;
// A letter passes fewer than ten, and shares most of them with its batch.
constexpr double kOfALetter = 10;

// Something that must be done, as far as the compiler knows.
inline void Work(int& value) {
  asm volatile("" : "+r"(value) : : "memory");
}

// Functions of their own: in a loop the one branch would be taken out of it.
[[gnu::noinline]] void Step(int& value) {
  Work(value);
}
[[gnu::noinline]] void StepWithAPoint(int& value) {
  fault::Hit("bench.before");
  Work(value);
}

// Of this thread's processor time: what else the machine does is not counted.
double NanosecondsOf(void (*step)(int&)) {
  const auto now = [] {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return 1e9 * static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec);
  };
  const double began = now();
  int value = 0;
  for (int visit = 0; visit < kVisits; ++visit) step(value);
  return (now() - began) / kVisits;
}

}  // namespace

void Points(const Settings& settings, Lab&) {
  if (fault::kArmed) throw std::runtime_error("this program's fault points can be armed");
  Report report("points");
  report.Say("visits", std::to_string(kVisits));
  for (std::size_t run = 0; run < settings.runs; ++run) {
    report.Add("a function", "ns", NanosecondsOf(Step));
    report.Add("the same with a fault point in it", "ns", NanosecondsOf(StepWithAPoint));
    AddEmbeddedRoad(report, settings.letters);
  }
  const double point =
      report.MedianOf("the same with a fault point in it") - report.MedianOf("a function");
  report.Ratio("ten fault points / CPU of deadletter for a letter",
               kOfALetter * std::max(0.0, point) / (1'000 * report.MedianOf("CPU of deadletter")),
               "at most 0.001");
  report.Print();
}

}  // namespace deadletter::bench
