#include "app/bench_measure.h"

#include <sys/resource.h>

#include <algorithm>
#include <map>
#include <thread>
#include <utility>

#include "app/bench_settles.h"

namespace deadletter {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kGentleSamples = 500;
constexpr milliseconds kGentlePace(5);  // 200 a second
constexpr std::size_t kMostHeldBytes = std::size_t{64} << 20;
constexpr milliseconds kBetweenLooks(100);
constexpr milliseconds kBenchStopPatience(8'000);
constexpr milliseconds kGivingUpPatience(3'000);  // who was told to stop has 9.5 s for everything

double SecondsOf(steady_clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

double MillisecondsOf(steady_clock::duration duration) {
  return 1'000 * SecondsOf(duration);
}

double OwnCpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// The handler as `serve` runs it, without HTTP, over the scene.
class BenchHandler {
 public:
  BenchHandler(const BenchScene& scene, BenchSettles& settles, const Clock& clock)
      : part_("queue " + scene.queues().letters_queue),
        adapters_(AdaptersOf(scene, settles)),
        service_(MakeServiceOptions(scene.config()), adapters_, clock, metrics_, health_) {}

  // In order where it can be, so that nothing of it goes on in the ledger.
  ~BenchHandler() { service_.Stop(kGivingUpPatience); }
  BenchHandler(const BenchHandler&) = delete;
  BenchHandler& operator=(const BenchHandler&) = delete;

  void Start() { service_.Start(); }
  void Stop() { service_.Stop(kBenchStopPatience); }

  // False: not within `limit`.
  [[nodiscard]] bool AwaitConsuming(milliseconds limit) const {
    return health_.WaitUntilReady(part_, limit);
  }
  // "; queue x: …": what the handler itself says is missing.
  [[nodiscard]] std::string Missing() const {
    std::string missing;
    for (const HealthReport& report : health_.Reports()) {
      if (report.state == HealthState::kMissing)
        missing += "; " + report.part + ": " + report.message;
    }
    return missing;
  }

 private:
  static Adapters AdaptersOf(const BenchScene& scene, BenchSettles& settles) {
    Adapters adapters = scene.wiring().MakeAdapters();
    adapters.settlement = [&scene, &settles] {
      return Watched(scene.wiring().MakeSettlement(), settles);
    };
    return adapters;
  }

  const std::string part_;
  const Adapters adapters_;
  Metrics metrics_;
  Health health_;
  Service service_;
};

class BenchRun {
 public:
  BenchRun(BenchScene& scene, const BenchSizes& sizes, const Clock& clock, std::stop_token stop,
           BenchProgress& progress)
      : scene_(scene),
        sizes_(sizes),
        clock_(clock),
        stop_(std::move(stop)),
        progress_(progress),
        letters_(scene, sizes, clock, stop_, progress),
        samples_(std::min(sizes.letters, letters_.AtOnce(kGentleSamples, kMostHeldBytes))),
        report_(BenchReport::Empty()) {
    report_.pair = std::string(PairName(scene.config().pair));
    report_.letters = sizes.letters;
    report_.body_bytes = sizes.body_bytes;
    report_.runs = sizes.runs;
    report_.drain.count = report_.road.count = sizes.letters;
    report_.commit.count = report_.latency.count = samples_;
  }

  Result<BenchReport> Everything() {
    for (run_ = 1; run_ <= sizes_.runs; ++run_) {
      for (const auto step :
           {&BenchRun::Drain, &BenchRun::Commit, &BenchRun::Road, &BenchRun::Latency}) {
        if (auto done = (this->*step)(); !done) return Unexpected<Error>(done.error());
      }
    }
    return std::move(report_);
  }

 private:
  Result<void> Drain();
  Result<void> Commit();
  Result<void> Road();
  Result<void> Latency();

  [[nodiscard]] Result<void> AwaitConsuming(const BenchHandler& handler);
  [[nodiscard]] Result<void> AwaitFailed(const BenchHandler& handler, const BenchSettles& settles,
                                         std::size_t count, const std::string& stage);
  [[nodiscard]] Result<void> AwaitEvents(const BenchHandler& handler, const std::string& stage);
  // That `count` more executions are failed, no letter waits, and each event was heard.
  [[nodiscard]] Result<void> Check(std::size_t count, const std::string& stage);

  [[nodiscard]] std::string Stage(const std::string& name) const {
    return "run " + std::to_string(run_) + " of " + std::to_string(sizes_.runs) + ", " + name;
  }
  static void Add(BenchScenario& scenario, std::initializer_list<double> values) {
    auto figure = scenario.figures.begin();
    for (const double value : values) (figure++)->runs.push_back(value);
  }
  // One after the other at a gentle pace, until told to stop.
  template <class Step>
  Result<void> Gently(const std::string& stage, const Step& step);

  BenchScene& scene_;
  const BenchSizes sizes_;
  const Clock& clock_;
  const std::stop_token stop_;
  BenchProgress& progress_;
  BenchLetters letters_;
  const std::size_t samples_;
  BenchReport report_;
  std::size_t run_ = 1;
  std::int64_t failed_ = 0;  // executions that this bench has failed so far
};

Result<void> BenchRun::Drain() {
  if (auto full = letters_.FillWithout(sizes_.letters, Stage("filling the queue")); !full)
    return full;
  const std::string& queue = scene_.queues().letters_queue;
  BenchStage draining(Stage("drain"), static_cast<std::int64_t>(sizes_.letters), stop_, progress_);
  const QueueConfig& settings = scene_.config().queues.front();
  const auto consumer = scene_.wiring().MakeConsumer(queue, settings.consumer_tag);
  if (auto subscribed = consumer->Subscribe(settings.prefetch); !subscribed)
    return Fail("broker: " + subscribed.error().message);
  const auto began = steady_clock::now();
  std::int64_t taken = 0;
  while (!draining.IsDone(taken)) {
    if (auto on = draining.Reached(taken); !on) return on;
    const auto deliveries =
        consumer->Receive({.max_letters = scene_.config().intake.batch_letters,
                           .max_bytes = scene_.config().intake.max_buffered_bytes,
                           .wait = milliseconds(1'000)});
    if (!deliveries) return Fail("broker: " + deliveries.error().message);
    if (deliveries->empty()) continue;
    if (auto done = consumer->AcknowledgeUpTo(deliveries->back().tag); !done)
      return Fail("broker: " + done.error().message);
    taken += static_cast<std::int64_t>(deliveries->size());
  }
  const double took = SecondsOf(steady_clock::now() - began);
  consumer->Close();
  const auto left = letters_.Waiting(queue);
  if (!left) return Unexpected<Error>(left.error());
  if (*left != 0) return Fail(Stage("drain") + ": " + std::to_string(*left) + " letters came back");
  Add(report_.drain, {static_cast<double>(sizes_.letters) / took});
  return {};
}

template <class Step>
Result<void> BenchRun::Gently(const std::string& stage, const Step& step) {
  BenchStage pacing(stage, static_cast<std::int64_t>(samples_), stop_, progress_);
  auto next = steady_clock::now();
  for (std::size_t n = 0; n < samples_; ++n) {
    if (auto on = pacing.Reached(static_cast<std::int64_t>(n)); !on) return on;
    if (auto done = step(n); !done) return done;
    // Where one takes longer than the pace, what was missed is not made up for in a rush.
    next = std::max(next + kGentlePace, steady_clock::now());
    std::this_thread::sleep_until(next);
  }
  return {};
}

Result<void> BenchRun::Commit() {
  std::vector<double> took;
  const auto done = Gently(Stage("commit"), [&](std::size_t) -> Result<void> {
    const auto began = steady_clock::now();
    if (auto inserted = scene_.ledger().InsertRow(); !inserted)
      return Fail("ledger: " + inserted.error().message);
    took.push_back(MillisecondsOf(steady_clock::now() - began));
    return {};
  });
  if (!done) return done;
  Add(report_.commit, {BenchPercentile(took, 0.5), BenchPercentile(took, 0.99)});
  return {};
}

Result<void> BenchRun::AwaitConsuming(const BenchHandler& handler) {
  BenchStage beginning(Stage("starting the handler"), 1, stop_, progress_);
  while (!handler.AwaitConsuming(kBetweenLooks)) {  // its moment is what the road begins with
    if (auto on = beginning.Reached(0); !on) return Fail(on.error().message + handler.Missing());
  }
  return {};
}

Result<void> BenchRun::AwaitFailed(const BenchHandler& handler, const BenchSettles& settles,
                                   std::size_t count, const std::string& stage) {
  BenchStage failing(stage, static_cast<std::int64_t>(count), stop_, progress_);
  while (true) {
    const BenchSettles::Account account = settles.account();
    if (!account.other.empty()) {
      return Fail(stage + ": a letter did not fail its execution, but ended as " + account.other);
    }
    if (failing.IsDone(account.failed)) return {};
    if (auto on = failing.Await(account.failed); !on)
      return Fail(on.error().message + handler.Missing());
  }
}

Result<void> BenchRun::AwaitEvents(const BenchHandler& handler, const std::string& stage) {
  BenchStage hearing(stage, 0, stop_, progress_);
  const auto outbox = scene_.wiring().MakeOutbox();
  while (true) {
    const auto backlog = outbox->Backlog(clock_.Now());
    if (!backlog) return Fail("ledger: " + backlog.error().message);
    if (backlog->pending == 0) return {};
    if (auto on = hearing.Await(backlog->pending); !on)
      return Fail(on.error().message + handler.Missing());
  }
}

Result<void> BenchRun::Check(std::size_t count, const std::string& stage) {
  failed_ += static_cast<std::int64_t>(count);
  const auto failed = scene_.ledger().CountExecutions(scene_.config().executions.failed);
  if (!failed) return Fail("ledger: " + failed.error().message);
  if (*failed != failed_) {
    return Fail(stage + ": " + std::to_string(*failed) + " executions are failed, and not " +
                std::to_string(failed_));
  }
  const auto left = letters_.Waiting(scene_.queues().letters_queue);
  if (!left) return Unexpected<Error>(left.error());
  if (*left != 0) return Fail(stage + ": " + std::to_string(*left) + " letters are left");
  return letters_.Empty(scene_.queues().events_queue, count, stage + ": hearing the events");
}

Result<void> BenchRun::Road() {
  if (auto full = letters_.FillWith(sizes_.letters, Stage("filling the queue")); !full) return full;
  BenchSettles settles(false);
  BenchHandler handler(scene_, settles, clock_);
  const double cpu_before = OwnCpuSeconds();
  handler.Start();
  if (auto consuming = AwaitConsuming(handler); !consuming) return consuming;
  const auto began = steady_clock::now();
  if (auto failed = AwaitFailed(handler, settles, sizes_.letters, Stage("road")); !failed)
    return failed;
  const BenchSettles::Account account = settles.account();
  const double took = SecondsOf(account.last - began);
  if (auto heard = AwaitEvents(handler, Stage("events")); !heard) return heard;
  const double all_took = SecondsOf(steady_clock::now() - began);
  const double cpu = OwnCpuSeconds() - cpu_before;
  handler.Stop();
  if (auto right = Check(sizes_.letters, Stage("road")); !right) return right;
  const auto letters = static_cast<double>(sizes_.letters);
  Add(report_.road, {letters / took, letters / all_took,
                     std::min(1.0, SecondsOf(account.in_settle) / took), cpu / all_took});
  return {};
}

Result<void> BenchRun::Latency() {
  const auto requests = letters_.Request(samples_);  // before there is a relay that would send them
  if (!requests) return Unexpected<Error>(requests.error());
  BenchSettles settles(true);
  BenchHandler handler(scene_, settles, clock_);
  handler.Start();
  if (auto consuming = AwaitConsuming(handler); !consuming) return consuming;
  std::map<std::string, steady_clock::time_point> sent;
  letters_.BeginToSend();
  const auto done = Gently(Stage("latency"), [&](std::size_t n) -> Result<void> {
    const OutgoingMessage& request = (*requests)[n];
    sent.emplace(request.message.properties.message_id.value_or(""), steady_clock::now());
    return letters_.Send(std::span(&request, 1));
  });
  if (!done) return done;
  if (auto failed = AwaitFailed(handler, settles, samples_, Stage("latency")); !failed)
    return failed;
  if (auto heard = AwaitEvents(handler, Stage("events")); !heard) return heard;
  handler.Stop();
  if (auto right = Check(samples_, Stage("latency")); !right) return right;
  std::vector<double> took;
  for (const auto& [id, moment] : settles.moments()) {
    const auto found = sent.find(id);
    if (found != sent.end()) took.push_back(MillisecondsOf(moment - found->second));
  }
  if (took.size() != samples_) return Fail(Stage("latency") + ": letters were not those sent");
  Add(report_.latency, {BenchPercentile(took, 0.5), BenchPercentile(took, 0.99)});
  return {};
}

}  // namespace

Result<BenchReport> MeasureAll(BenchScene& scene, const BenchSizes& sizes, const Clock& clock,
                               const std::stop_token& stop, BenchProgress& progress) {
  return BenchRun(scene, sizes, clock, stop, progress).Everything();
}

}  // namespace deadletter
