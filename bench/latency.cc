// How long a letter waits for its acknowledgement, and so at most for its commit, when there is no
// flood.
#include <algorithm>
#include <chrono>
#include <future>
#include <stdexcept>
#include <string_view>
#include <thread>

#include "bench/acknowledgement_watch.h"
#include "bench/amqp.h"
#include "bench/report.h"
#include "bench/road.h"
#include "bench/scenarios.h"
#include "tests/support/platform_connection.h"
#include "tests/support/tcp_gate.h"

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
class OneRow {
 public:
  explicit OneRow(const std::string& url) : database_(url) {
    database_.Run("CREATE TABLE IF NOT EXISTS one_row (n bigint)");
  }

  void Insert() {
    const auto began = steady_clock::now();
    database_.Run("INSERT INTO one_row VALUES (1)");
    took_.push_back(std::chrono::duration<double, std::milli>(steady_clock::now() - began).count());
  }
  [[nodiscard]] const std::vector<double>& took() const { return took_; }

 private:
  test::PlatformConnection database_;
  std::vector<double> took_;
};

// While nothing else goes on.
std::vector<double> InsertLatencies(const std::string& url, std::size_t times) {
  OneRow row(url);
  Paced(times, [&](std::size_t) { row.Insert(); });
  return row.took();
}

void PublishPaced(Servers& servers, const std::string& vhost, const Filling& filling) {
  Amqp broker(servers.AmqpUrl(vhost));
  const auto& requests = servers.Requests(filling);
  Paced(filling.letters, [&](std::size_t n) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const Request& request = requests[n - 1];
    broker.PublishDeadLetter(std::string("dlx.") + kDeadLetterQueue,
                             {request.queue, request.routing_key, request.body},
                             std::chrono::duration_cast<std::chrono::seconds>(now).count());
  });
}

// For each letter that comes, at the same pace and through the same broker, which writes them to
// the same disk.
std::vector<double> InsertLatenciesOfLetters(Servers& servers, const std::string& url,
                                             const Filling& filling) {
  const std::string vhost = servers.MakeVhost({filling.platform, 0, 0});
  OneRow row(url);
  {
    Amqp broker(servers.AmqpUrl(vhost));
    broker.Consume(kDeadLetterQueue, 100);
    auto publisher =
        std::async(std::launch::async, [&] { PublishPaced(servers, vhost, filling); });
    for (std::size_t n = 0; n < filling.letters; ++n) {
      const auto message = broker.ReceiveOne(std::chrono::seconds(10));
      if (!message) throw std::runtime_error("letters are missing");
      row.Insert();
      broker.Acknowledge(message->tag, false);
    }
    publisher.get();
  }
  servers.DropVhost(vhost);
  return row.took();
}

// From the moment a delivery went to the program to the one its acknowledgement came back, which is
// sent only after the commit: seen between the program and the broker.
std::vector<double> DeliveryToAcknowledgement(Servers& servers, const std::string& url,
                                              const Filling& filling) {
  const std::string vhost = servers.MakeVhost({filling.platform, 0, 0});
  const std::string broker = servers.AmqpUrl(vhost);
  AcknowledgementWatch watch;
  const test::TcpGate gate(test::PortOf(broker),
                           [&](std::size_t connection, test::Flow flow, std::string_view bytes) {
                             watch.See(connection, flow, bytes);
                           });
  Served served(gate.Through(broker), servers.ManagementUrl(), url, {kDeadLetterQueue});
  served.Migrate();
  served.Start();
  served.AwaitConsuming();
  PublishPaced(servers, vhost, filling);
  watch.Await(filling.letters, std::chrono::minutes(1));
  served.Stop();
  test::PlatformConnection database(url);
  const auto failed = database.Value("SELECT count(*) FROM execution WHERE status = 'failed'");
  if (failed != std::to_string(filling.letters))
    throw std::runtime_error("only " + failed + " executions are failed");
  servers.DropVhost(vhost);
  return watch.Took(filling.letters);
}

void AddRun(Report& report, Servers& servers, const Settings& settings) {
  const Filling filling{settings.platform, settings.letters, settings.body_bytes};
  const std::string url = servers.MakeDatabase(filling);
  const auto acknowledged = DeliveryToAcknowledgement(servers, url, filling);
  const auto inserted = InsertLatencies(url, filling.letters);
  const auto of_letters = InsertLatenciesOfLetters(servers, url, filling);
  for (const auto& [share, name] : {std::pair(0.5, "p50"), std::pair(0.99, "p99")}) {
    const std::string at = std::string(", ") + name;
    report.Add("one-row insert" + at, kUnit, Percentile(inserted, share));
    report.Add("one-row insert for each letter" + at, kUnit, Percentile(of_letters, share));
    report.Add("delivery to acknowledgement" + at, kUnit, Percentile(acknowledged, share));
  }
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
  report.Ratio(
      "delivery to acknowledgement, p99 / one-row insert, p99",
      report.MedianOf("delivery to acknowledgement, p99") / report.MedianOf("one-row insert, p99"),
      "at most 3");
  report.Ratio("delivery to acknowledgement, p99 / one-row insert for each letter, p99",
               report.MedianOf("delivery to acknowledgement, p99") /
                   report.MedianOf("one-row insert for each letter, p99"));
  report.Print();
}

}  // namespace deadletter::bench
