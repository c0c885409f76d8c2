// How long a letter waits for its commit when there is no flood.
#include <libpq-fe.h>

#include <chrono>
#include <stdexcept>
#include <thread>

#include "bench/amqp.h"
#include "bench/report.h"
#include "bench/road.h"
#include "bench/scenarios.h"
#include "tests/support/platform_connection.h"

namespace deadletter::bench {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::microseconds kEvery(5'000);  // 200 a second
constexpr const char* kUnit = "ms";

template <class Do>
void Paced(std::size_t times, Do action) {
  auto next = steady_clock::now();
  for (std::size_t n = 1; n <= times; ++n) {
    action(n);
    next += kEvery;
    std::this_thread::sleep_until(next);
  }
}

// One row, one commit, one flush to disk: what no ledger can be faster than.
std::vector<double> InsertLatencies(const std::string& url, std::size_t times) {
  test::PlatformConnection database(url);
  database.Run("CREATE TABLE one_row (n bigint)");
  std::vector<double> took;
  Paced(times, [&](std::size_t n) {
    const auto began = steady_clock::now();
    database.Run("INSERT INTO one_row VALUES (" + std::to_string(n) + ")");
    took.push_back(std::chrono::duration<double, std::milli>(steady_clock::now() - began).count());
  });
  return took;
}

std::vector<double> Column(test::PlatformConnection& database, const std::string& sql) {
  std::vector<double> values;
  for (const auto& row : database.Ask(sql)) values.push_back(std::stod(row[0].value_or("0")));
  return values;
}

void AddRun(Report& report, Servers& servers, const Settings& settings) {
  const Filling filling{settings.platform, settings.letters, settings.body_bytes};
  const std::string url = servers.MakeDatabase(filling);
  const std::string vhost = servers.MakeVhost({settings.platform, 0, 0});
  Served served(servers.AmqpUrl(vhost), servers.ManagementUrl(), url, {kDeadLetterQueue});
  served.Migrate();
  served.Start();
  served.AwaitConsuming();
  test::PlatformConnection database(url);
  // Each request leaves its moment, so that the wait can also be told from the sender's side.
  database.Run("CREATE TABLE sent (id bigint PRIMARY KEY, at timestamptz)");
  std::vector<std::int64_t> sent;
  {
    Amqp broker(servers.AmqpUrl(vhost));
    const auto& requests = servers.Requests(filling);
    Paced(filling.letters, [&](std::size_t n) {
      const auto now = std::chrono::system_clock::now().time_since_epoch();
      sent.push_back(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
      const Request& request = requests[n - 1];
      broker.PublishDeadLetter(std::string("dlx.") + kDeadLetterQueue,
                               {request.queue, request.routing_key, request.body},
                               std::chrono::duration_cast<std::chrono::seconds>(now).count());
    });
  }
  const std::string last = std::to_string(filling.letters);
  const auto deadline = steady_clock::now() + std::chrono::minutes(1);
  while (database.Value("SELECT count(*) FROM execution WHERE status = 'failed'") != last) {
    if (steady_clock::now() > deadline) throw std::runtime_error("letters are missing");
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  served.Stop();
  std::string rows;
  for (std::size_t n = 0; n < sent.size(); ++n) {
    rows += (n == 0 ? "(" : ",(") + std::to_string(n + 1) + ",to_timestamp(" +
            std::to_string(static_cast<double>(sent[n]) / 1e6) + "))";
  }
  database.Run("INSERT INTO sent VALUES " + rows);
  // The server's own note of when it committed (track_commit_timestamp), against the moment at
  // which the letter came to us and the one at which it was sent to the broker.
  const char* const millis = "extract(epoch FROM pg_xact_commit_timestamp(l.xmin) - ";
  const auto received = Column(
      database, std::string("SELECT 1000 * ") + millis + "l.received_at) FROM deadletter.letter l");
  const auto published =
      Column(database, std::string("SELECT 1000 * ") + millis +
                           "s.at) FROM deadletter.letter l JOIN sent s ON s.id = convert_from("
                           "l.execution_id, 'UTF8')::bigint");
  const auto inserted = InsertLatencies(url, filling.letters);
  for (const auto& [share, name] : {std::pair(0.5, "p50"), std::pair(0.99, "p99")}) {
    const std::string at = std::string(", ") + name;
    report.Add("one-row insert" + at, kUnit, Percentile(inserted, share));
    report.Add("delivery to commit" + at, kUnit, Percentile(received, share));
    report.Add("sent to commit" + at, kUnit, Percentile(published, share));
  }
  servers.DropVhost(vhost);
  servers.DropDatabase(url);
}

}  // namespace

void Latency(const Settings& settings, Lab& lab) {
  Settings ten_seconds = settings;
  ten_seconds.letters = std::min<std::size_t>(settings.letters, 2'000);
  Servers& servers = lab.servers();
  Report report("latency");
  report.Say("platform", PlatformName(settings.platform));
  report.Say("letters", std::to_string(ten_seconds.letters));
  for (std::size_t run = 0; run < settings.runs; ++run) AddRun(report, servers, ten_seconds);
  report.Ratio("delivery to commit, p99 / one-row insert, p99",
               report.MedianOf("delivery to commit, p99") / report.MedianOf("one-row insert, p99"),
               "at most 3");
  report.Print();
}

}  // namespace deadletter::bench
