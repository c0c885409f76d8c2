#include "app/bench_watch.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace deadletter {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kShowEvery(200);
constexpr milliseconds kStageLookEvery(10);
constexpr std::size_t kMostColumns = 78;

bool ErrorsAreSeen() {
  const char* const kind = std::getenv("TERM");
  return isatty(STDERR_FILENO) != 0 && kind != nullptr && std::string_view(kind) != "dumb";
}

}  // namespace

BenchProgress::BenchProgress() : shown_(ErrorsAreSeen()) {}

void BenchProgress::Show(const std::string& line) {
  const auto now = steady_clock::now();
  if (!shown_ || now - last_ < kShowEvery) return;
  last_ = now;
  dirty_ = true;
  std::fprintf(stderr, "\r%s\x1b[K", line.substr(0, kMostColumns).c_str());
  std::fflush(stderr);
}

void BenchProgress::Clear() {
  if (dirty_) std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
  dirty_ = false;
}

BenchStage::BenchStage(std::string name, std::int64_t goal, std::stop_token stop,
                       BenchProgress& progress, Now now)
    : name_(std::move(name)),
      goal_(goal),
      stop_(std::move(stop)),
      progress_(progress),
      now_(std::move(now)),
      since_(now_()) {}

Result<void> BenchStage::Reached(std::int64_t done) {
  if (stop_.stop_requested()) return Fail("stopped before it was done: nothing was measured");
  progress_.Show(name_ + ": " + std::to_string(done) + " of " + std::to_string(goal_));
  if (done != done_) {
    done_ = done;
    since_ = now_();
  } else if (now_() - since_ >= kBenchStandstill) {
    return Fail(name_ + ": stood still for " + std::to_string(kBenchStandstill.count()) + " s at " +
                std::to_string(done) + " of " + std::to_string(goal_));
  }
  return {};
}

Result<void> BenchStage::Await(std::int64_t done) {
  auto reached = Reached(done);
  if (reached) pause_.WaitFor(stop_, kStageLookEvery);
  return reached;
}

}  // namespace deadletter
