// Letters sent back: whether they leave at the rate that was asked for, what two kills in the
// middle cost, and how fast it goes where nothing holds it back.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <boost/json.hpp>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

#include "bench/amqp.h"
#include "bench/report.h"
#include "bench/road.h"
#include "bench/scenarios.h"
#include "tests/support/http_get.h"
#include "tests/support/platform_connection.h"

namespace deadletter::bench {
namespace {

using std::chrono::steady_clock;
using std::chrono::system_clock;

constexpr const char* kWorkQueue = "work";
constexpr std::chrono::minutes kLongest(60);
// Looking costs the database something, too.
constexpr std::chrono::milliseconds kLookAgain(250);
constexpr double kFastest = 1'000;  // letters a second: well below what two cores can do
// What a kill interrupts is left out of the rate, and so is the second in which a server begins.
constexpr std::chrono::seconds kWarmUp(1);

// Does the work of what is replayed, and counts how often each message came.
class Worker {
 public:
  Worker(const std::string& amqp_url, const std::string& database_url, std::size_t executions)
      : came_(executions + 1), thread_([=, this](const std::stop_token& stop) {
          try {
            Work(stop, amqp_url, database_url);
          } catch (const std::exception& error) {
            failed_ = error.what();
          }
        }) {}

  // Ends once the queue is empty. How often each execution's message came; [0] is nobody's.
  [[nodiscard]] std::vector<int> Finish() {
    thread_.request_stop();
    thread_.join();
    if (failed_) throw std::runtime_error("the worker: " + *failed_);
    return came_;
  }

 private:
  void Work(const std::stop_token& stop, const std::string& amqp_url,
            const std::string& database_url) {
    Amqp broker(amqp_url);
    test::PlatformConnection database(database_url);
    broker.Consume(kWorkQueue, 500);
    std::string done;
    std::uint64_t last = 0;
    for (std::size_t count = 0;;) {
      const auto message = broker.ReceiveOne(std::chrono::milliseconds(50));
      if (message) {
        const auto id =
            boost::json::parse(message->body).at("payload").at("execution_id").as_int64();
        ++came_.at(static_cast<std::size_t>(id));
        done += (done.empty() ? "" : ",") + std::to_string(id);
        last = message->tag;
        if (++count < 200) continue;
      }
      if (count > 0) {
        database.Run(
            "UPDATE execution SET status = 'completed' WHERE status = 'scheduled' AND id IN (" +
            done + ")");
        broker.Acknowledge(last, true);
        done.clear();
        count = 0;
      }
      if (!message && stop.stop_requested()) return;
    }
  }

  std::vector<int> came_;
  std::optional<std::string> failed_;
  std::jthread thread_;
};

template <class Question>
void AwaitTrue(const std::string& what, Question question) {
  const auto deadline = steady_clock::now() + kLongest;
  while (!question()) {
    if (steady_clock::now() > deadline) throw std::runtime_error("never: " + what);
    std::this_thread::sleep_for(kLookAgain);
  }
}

// A ledger whose letters have all failed their executions, and a queue for what is sent back.
struct Scene {
  Scene(Servers& the_servers, const Filling& filling)
      : servers(the_servers),
        letters(filling.letters),
        database_url(servers.MakeDatabase(filling)),
        vhost(servers.MakeVhost(filling)),
        served(servers.AmqpUrl(vhost), servers.ManagementUrl(), database_url, {kDeadLetterQueue}),
        database(database_url) {
    servers.AddQueue(vhost, kWorkQueue, "execution.dispatch.#");
    served.Migrate();
    served.Start();
    AwaitTrue("all are failed and told", [&] {
      return database.Value(
                 "SELECT NOT EXISTS (SELECT FROM execution WHERE status = 'scheduled') AND NOT "
                 "EXISTS (SELECT FROM deadletter.outbox)") == "t";
    });
  }
  ~Scene() {
    servers.DropVhost(vhost);
    servers.DropDatabase(database_url);
  }

  [[nodiscard]] std::string Make(double rate) {
    const std::string pace = rate > 0 ? fmt::format(R"(,"rate_per_second":{})", rate) : "";
    const auto answer = test::HttpPost(
        served.Url() + "/v1/replays",
        R"({"filter":{"outcome":"failed","state":"open"},"answer_within_seconds":60)" + pace + "}");
    if (answer.status != 201) throw std::runtime_error("POST /v1/replays: " + answer.body);
    return std::string(boost::json::parse(answer.body).at("id").as_string());
  }
  [[nodiscard]] std::size_t Sent() {
    return std::stoul(
        database.Value("SELECT count(*) FROM deadletter.replay_letter WHERE sent_at "
                       "IS NOT NULL"));
  }
  // Letters a second, between two moments, by the ledger's note of when each had been sent.
  [[nodiscard]] std::optional<double> RateBetween(system_clock::time_point from,
                                                  system_clock::time_point until) {
    const auto moment = [](system_clock::time_point at) {
      const auto since =
          std::chrono::duration_cast<std::chrono::microseconds>(at.time_since_epoch());
      return fmt::format("to_timestamp({}::numeric / 1000000)", since.count());
    };
    // Letters of one batch bear one moment: those of the first are where the time begins.
    const auto row = database.Ask(fmt::format(
        "WITH sent AS (SELECT sent_at FROM deadletter.replay_letter WHERE sent_at BETWEEN {} AND "
        "{}), "
        "ends AS (SELECT min(sent_at) AS first, max(sent_at) AS last FROM sent) SELECT "
        "extract(epoch FROM ends.last - ends.first), (SELECT count(*) FROM sent WHERE sent_at > "
        "ends.first) FROM ends",
        moment(from), moment(until)));
    const double seconds = std::stod(row.at(0)[0].value_or("0"));
    if (seconds <= 0) return std::nullopt;
    return std::stod(row.at(0)[1].value_or("0")) / seconds;
  }
  void AwaitDone(const std::string& replay) {
    AwaitTrue("the replay is done", [&] {
      const auto answer = test::HttpGet(served.Url() + "/v1/replays/" + replay);
      return answer.status == 200 && boost::json::parse(answer.body).at("state") == "done";
    });
  }
  [[nodiscard]] std::size_t Ended(const std::string& outcome) {
    return std::stoul(
        database.Value("SELECT count(*) FROM deadletter.replay_letter WHERE step = 'ended' AND "
                       "outcome = '" +
                       outcome + "'"));
  }

  Servers& servers;
  const std::size_t letters;
  const std::string database_url;
  const std::string vhost;
  Served served;
  test::PlatformConnection database;
};

// Throws where a message came twice, or did not come although nothing is in doubt about it.
void Judge(Scene& scene, const std::vector<int>& came) {
  const auto twice = std::ranges::count_if(came, [](int times) { return times > 1; });
  if (twice > 0) throw std::runtime_error(fmt::format("{} messages came twice", twice));
  const auto once = static_cast<std::size_t>(std::ranges::count(came, 1));
  const std::size_t succeeded = scene.Ended("succeeded");
  const std::size_t in_doubt = scene.Ended("in_doubt");
  if (succeeded != once || succeeded + in_doubt != scene.letters) {
    throw std::runtime_error(fmt::format("{} messages came, {} letters succeeded, {} are in doubt",
                                         once, succeeded, in_doubt));
  }
}

void AddPaced(Report& report, Servers& servers, const Filling& filling) {
  const double rate = std::clamp(static_cast<double>(filling.letters) / 20, 20.0, kFastest);
  Scene scene(servers, filling);
  Worker worker(servers.AmqpUrl(scene.vhost), scene.database_url, filling.letters);
  const std::string replay = scene.Make(rate);
  auto from = system_clock::now() + kWarmUp;
  const auto add_rate = [&] {
    const auto went = scene.RateBetween(from, system_clock::now());
    if (went) report.Add("rate, of what was asked", "share", *went / rate);
  };
  for (const std::size_t part : {1U, 2U}) {
    AwaitTrue("a third is sent", [&] { return scene.Sent() >= filling.letters * part / 3; });
    scene.served.Kill();
    add_rate();
    scene.served.Start();
    scene.served.AwaitConsuming();
    // What the dead one had claimed is somebody's again when its lease has ended.
    const std::size_t sent = scene.Sent();
    AwaitTrue("it goes on", [&] { return scene.Sent() > sent; });
    from = system_clock::now() + kWarmUp;
  }
  AwaitTrue("all are sent", [&] {
    return scene.database.Value(
               "SELECT NOT EXISTS (SELECT FROM deadletter.replay_letter WHERE step "
               "IN ('pending', 'claimed'))") == "t";
  });
  add_rate();
  const std::size_t doubtful =
      std::stoul(scene.database.Value("SELECT count(*) FROM deadletter.replay_letter WHERE outcome "
                                      "= 'in_doubt' OR sent_at IS NULL"));
  scene.AwaitDone(replay);
  const auto came = worker.Finish();
  Judge(scene, came);
  report.Add("asked for", "letters/s", rate);
  report.Add("in doubt for a time, of two kills", "letters", static_cast<double>(doubtful));
  report.Add("in doubt in the end", "letters", static_cast<double>(scene.Ended("in_doubt")));
  scene.served.Stop();
}

void AddUnpaced(Report& report, Servers& servers, const Filling& filling) {
  Scene scene(servers, filling);
  Worker worker(servers.AmqpUrl(scene.vhost), scene.database_url, filling.letters);
  const auto began = system_clock::now();
  const std::string replay = scene.Make(0);
  const std::chrono::duration<double, std::milli> made = system_clock::now() - began;
  scene.AwaitDone(replay);
  Judge(scene, worker.Finish());
  report.Add("to freeze the selection", "ms", made.count());
  if (const auto rate = scene.RateBetween(began, system_clock::now()))
    report.Add("as fast as it goes", kRate, *rate);
  scene.served.Stop();
}

}  // namespace

void Replays(const Settings& settings, Lab& lab) {
  Servers& servers = lab.servers();
  const Filling filling{settings.platform, settings.letters, settings.body_bytes};
  Report report("replay");
  report.Say("platform", PlatformName(settings.platform));
  report.Say("letters", std::to_string(settings.letters));
  for (std::size_t run = 0; run < settings.runs; ++run) {
    AddPaced(report, servers, filling);
    AddUnpaced(report, servers, filling);
  }
  // Each stretch has to hold it: a median would hide the one that did not.
  report.Ratio("rate / what was asked, the slowest stretch",
               report.LeastOf("rate, of what was asked"), "at least 0.95");
  report.Ratio("rate / what was asked, the quickest stretch",
               report.MostOf("rate, of what was asked"), "at most 1.05");
  report.Print();
}

}  // namespace deadletter::bench
