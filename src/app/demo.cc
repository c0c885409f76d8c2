#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "app/commands.h"
#include "app/demo_config.h"
#include "app/demo_platform.h"
#include "app/runtime.h"
#include "app/signals.h"
#include "base/text.h"
#include "operations/submission.h"

namespace deadletter {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr std::size_t kPerWorker = 8;
constexpr seconds kLongest(60);
constexpr std::size_t kMostLetters = 100;  // about one execution
constexpr milliseconds kLookEvery(50);

// A folder of the demo's own, gone with it: a demo must not touch what `serve` keeps.
class DemoFolder {
 public:
  DemoFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "deadletter-demo-XXXXXX").string();
    if (mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ~DemoFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  DemoFolder(const DemoFolder&) = delete;
  DemoFolder& operator=(const DemoFolder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// One execution of the demo, and what was last seen of it.
struct Tracked {
  ExecutionId id;
  std::string worker;
  std::string status;
  std::string error;
};

std::string ErrorIn(const std::optional<std::string>& result_json) {
  if (!result_json) return "";
  boost::json::error_code failed;
  const boost::json::value result = boost::json::parse(*result_json, failed);
  if (failed) return "";
  const boost::json::value* error = result.find_pointer("/error", failed);
  return error != nullptr && error->is_string() ? std::string(error->get_string()) : "";
}

class Demo {
 public:
  Demo(const Config& config, const Wiring& wiring, const Clock& clock)
      : config_(config), wiring_(wiring), clock_(clock) {}

  // The error says in one line what is missing.
  Result<void> Prepare();
  Result<void> Submit();
  // Shows what happens to each execution until all of them have ended and every failure was heard
  // of. The error says what did not come in time, or that a stop came.
  Result<void> Watch();
  // The error says what is wrong with what was found.
  Result<void> Summarize();

 private:
  bool Look(Executions& executions, Tracked& tracked);
  [[nodiscard]] bool HasEnded(const Tracked& tracked) const;
  [[nodiscard]] bool HasFailed(const Tracked& tracked) const;
  template <class Condition>
  [[nodiscard]] std::size_t Count(const Condition& condition) const;
  [[nodiscard]] LedgerResult<std::vector<LetterSummary>> Letters() const;

  const Config& config_;
  const Wiring& wiring_;
  const Clock& clock_;
  steady_clock::time_point began_ = steady_clock::now();
  std::vector<Tracked> executions_;
  std::vector<std::unique_ptr<DemoWorkerThread>> workers_;
  std::unique_ptr<DemoListener> listener_;
};

Result<void> Demo::Prepare() {
  const auto topology = wiring_.MakeTopology();
  const auto applied = topology->Apply(config_.topology);
  if (!applied) return Fail(applied.error().message);
  for (const AppliedChange& change : *applied) {
    if (change.conflict) return Fail(change.message);
  }
  const SchemaVerdict schema = CheckSchema(*wiring_.MakeMigrator(), true);
  if (schema.answer != SchemaAnswer::kCurrent) return Fail(schema.message);
  return {};
}

Result<void> Demo::Submit() {
  const auto executions = wiring_.MakeExecutions();
  for (const std::string& worker : config_.topology.worker_ids) {
    Submission wanted;
    wanted.queue = config_.topology.WorkerQueueName(worker);
    wanted.action = "demo.work";
    wanted.count = kPerWorker;
    const auto ids =
        executions->Submit(NewExecutions(config_.topology, wanted), clock_.Now(), std::nullopt);
    if (!ids) return Fail(ids.error().message);
    for (const ExecutionId& id : *ids) executions_.push_back({id, worker, "", ""});
  }
  const auto start = [this](DemoWorker worker) {
    worker.queue = config_.topology.WorkerQueueName(worker.id);
    workers_.push_back(std::make_unique<DemoWorkerThread>(
        std::move(worker), wiring_.MakeWorkQueue(), wiring_.MakeExecutions(), config_.letter));
  };
  start({"1", "", -1, 0});
  start({"2", "", -1, 2});
  start({"3", "", 2, 0});
  listener_ = std::make_unique<DemoListener>(kDemoListenerQueue, wiring_.MakeWorkQueue(),
                                             config_.executions.id_type);
  return {};
}

// Prints the execution if it changed. True: it has ended.
bool Demo::Look(Executions& executions, Tracked& tracked) {
  const auto row = executions.Find(tracked.id);
  if (!row || !*row) return false;  // the ledger is busy: the next look sees it
  if ((*row)->status != tracked.status) {
    tracked.status = (*row)->status;
    tracked.error = ErrorIn((*row)->result_json);
    const double at = std::chrono::duration<double>(steady_clock::now() - began_).count();
    std::printf("%6.2f s  execution %-4s worker %s  %-10s %s\n", at, tracked.id.ToString().c_str(),
                tracked.worker.c_str(), tracked.status.c_str(), tracked.error.c_str());
    std::fflush(stdout);
  }
  return HasEnded(tracked);
}

bool Demo::HasEnded(const Tracked& tracked) const {
  const auto& final_statuses = config_.executions.final_statuses;
  return std::find(final_statuses.begin(), final_statuses.end(), tracked.status) !=
         final_statuses.end();
}

bool Demo::HasFailed(const Tracked& tracked) const {
  return tracked.status == config_.executions.failed;
}

template <class Condition>
std::size_t Demo::Count(const Condition& condition) const {
  return static_cast<std::size_t>(std::count_if(executions_.begin(), executions_.end(), condition));
}

Result<void> Demo::Watch() {
  const auto executions = wiring_.MakeExecutions();
  const auto unheard = [this](const Tracked& tracked) {
    return HasFailed(tracked) && !listener_->HasHeardOf(tracked.id);
  };
  Signal pause;
  while (steady_clock::now() - began_ < kLongest) {
    if (StopSignalPending()) return Fail("stopped before every execution had ended");
    bool ended = true;
    for (Tracked& tracked : executions_) ended = Look(*executions, tracked) && ended;
    if (ended && Count(unheard) == 0) return {};
    pause.WaitFor({}, kLookEvery);
  }
  const std::size_t open = Count([this](const Tracked& tracked) { return !HasEnded(tracked); });
  return Fail(std::to_string(open) + " executions did not end and " +
              std::to_string(Count(unheard)) + " failures were not heard of within " +
              std::to_string(kLongest.count()) + " s; the log above says what is missing");
}

// Of this run's executions: others may use the same ledger.
LedgerResult<std::vector<LetterSummary>> Demo::Letters() const {
  const auto catalog = wiring_.MakeCatalog();
  std::vector<LetterSummary> letters;
  for (const Tracked& tracked : executions_) {
    LetterFilter filter;
    filter.execution_id = tracked.id.ToString();
    auto page = catalog->List(filter, kMostLetters, std::nullopt);
    if (!page) return Unexpected<LedgerError>(page.error());
    letters.insert(letters.end(), page->letters.begin(), page->letters.end());
  }
  return letters;
}

Result<void> Demo::Summarize() {
  std::map<std::string, int> errors;
  for (const Tracked& tracked : executions_) {
    if (HasFailed(tracked)) ++errors[tracked.error];
  }
  const std::size_t failed = Count([this](const Tracked& tracked) { return HasFailed(tracked); });
  const std::size_t completed =
      Count([](const Tracked& tracked) { return tracked.status == "completed"; });
  const std::size_t heard =
      Count([this](const Tracked& tracked) { return listener_->HasHeardOf(tracked.id); });
  std::printf("\n%zu executions: %zu completed, %zu failed\n", executions_.size(), completed,
              failed);
  for (const auto& [error, count] : errors) std::printf("  %3d  %s\n", count, error.c_str());

  const auto letters = Letters();
  if (!letters) return Fail("the letters cannot be read: " + letters.error().message);
  Microseconds longest(0);
  Microseconds longest_settle(0);
  for (const LetterSummary& letter : *letters) {
    longest = std::max(longest, letter.settled_at - letter.died_at.value_or(letter.received_at));
    longest_settle = std::max(longest_settle, letter.settled_at - letter.received_at);
  }
  std::printf("%zu letters kept, %zu events heard\n", letters->size(), heard);
  std::printf("from death to FAILED at most %.2f s (the broker tells deaths in whole seconds),\n",
              std::chrono::duration<double>(longest).count());
  std::printf("of which at most %.0f ms from receiving the letter\n",
              std::chrono::duration<double, std::milli>(longest_settle).count());
  std::fflush(stdout);
  if (letters->size() == failed) return {};
  return Fail(std::to_string(failed) + " executions failed, but the ledger has " +
              std::to_string(letters->size()) + " letters about this run's executions");
}

// How `submit` reaches the same pair, without a secret; nothing where it cannot be said so.
std::optional<std::string> PairFlags(const Config& config) {
  if (config.pair == Pair::kEmbedded) {
    const auto folder = std::filesystem::absolute(config.data_dir).lexically_normal();
    return "--embedded --data-dir " + folder.string();
  }
  if (!config.file) return std::nullopt;
  return "--config " + std::filesystem::absolute(*config.file).lexically_normal().string();
}

void PrintHints(const Config& config, const Runtime& runtime) {
  const std::string url = runtime.url();
  const std::string server = url == "http://127.0.0.1:8025" ? "" : " --server " + url;
  std::printf("\nThe server stays up at %s. From another terminal:\n", url.c_str());
  std::printf("  build/deadletter list%s\n", server.c_str());
  std::printf("  build/deadletter show ID%s\n", server.c_str());
  if (const auto pair = PairFlags(config)) {
    std::printf("  build/deadletter submit --queue %s --action demo.more %s\n",
                config.topology.WorkerQueueName("3").c_str(), pair->c_str());
  }
  std::printf("Ctrl-C ends it.\n");
  std::fflush(stdout);
}

int RunInFolder(const Config& config) {
  const SystemClock clock;
  const auto wiring = Wiring::Open(config, clock);
  if (!wiring) return Complain(cli::kExitFailed, "demo: " + wiring.error().message);
  Demo demo(config, **wiring, clock);
  if (const auto prepared = demo.Prepare(); !prepared) {
    return Complain(cli::kExitFailed, "demo: " + prepared.error().message);
  }
  Runtime runtime(config, **wiring, clock);
  if (const auto started = runtime.Start(); !started) {
    return Complain(cli::kExitFailed, "demo: " + started.error().message);
  }
  std::printf(
      "deadletter demo on %s: 24 executions, 8 for each of 3 workers. Worker 1 does its work, "
      "worker 2\n"
      "rejects every second one, worker 3 takes two and vanishes. A queue's time to live is %lld "
      "s.\n\n",
      std::string(PairName(config.pair)).c_str(),
      static_cast<long long>(config.topology.worker_ttl.count() / 1000));
  std::fflush(stdout);
  if (const auto submitted = demo.Submit(); !submitted) {
    return Complain(cli::kExitFailed, "demo: " + submitted.error().message);
  }
  const auto watched = demo.Watch();
  const auto summed = demo.Summarize();
  const auto& verdict = watched ? summed : watched;
  if (verdict && isatty(STDOUT_FILENO) != 0 && isatty(STDIN_FILENO) != 0) {
    PrintHints(config, runtime);
    StopOnSignal([&runtime] { runtime.Stop(); });
  }
  runtime.Stop();
  if (!verdict) return Complain(cli::kExitFailed, "demo: " + verdict.error().message);
  return cli::kExitDone;
}

}  // namespace

int RunDemo(const Config& given, const cli::CommandLine& command_line) {
  if (command_line.output == cli::OutputFormat::kJson) {
    return Complain(cli::kExitUsage, "demo: only --output table; for scripts use submit and list");
  }
  const cli::ConfigFlags& flags = command_line.config;
  if (given.pair == Pair::kEmbedded && (flags.broker_url || flags.ledger_url)) {
    return Complain(
        cli::kExitUsage,
        "demo: embedded files are in a folder that goes with the demo; to name one, use "
        "--data-dir");
  }
  if (given.executions_mode == ExecutionsMode::kObserve) {
    return Complain(cli::kExitUsage,
                    "demo: it shows executions being failed, and executions.mode is \"observe\": "
                    "use a configuration without it");
  }
  BlockStopSignals();
  if (given.pair == Pair::kServers || flags.data_dir) {
    return RunInFolder(DemoConfig(given, given.data_dir));
  }
  const DemoFolder folder;
  if (folder.path().empty())
    return Complain(cli::kExitFailed, "demo: cannot make a temporary folder");
  return RunInFolder(DemoConfig(given, folder.path()));
}

}  // namespace deadletter
