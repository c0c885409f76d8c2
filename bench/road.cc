#include "bench/road.h"

#include <signal.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "bench/amqp.h"
#include "bench/cpu.h"
#include "tests/folders.h"
#include "tests/support/platform_connection.h"

namespace deadletter::bench {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLookEvery(10);
// Where to look costs the server something.
constexpr std::chrono::milliseconds kLookSeldom(100);
constexpr std::chrono::minutes kLimit(60);

// Two builds can be compared by naming the other one.
std::string Program() {
  const char* const other = std::getenv("PROGRAM");
  return other != nullptr ? other : DEADLETTER_BINARY_DIR "/deadletter";
}

// What the events cost is seen without them.
bool HasEvents() {
  const char* const text = std::getenv("EVENTS");
  const std::string events = text != nullptr ? text : "on";
  if (events != "on" && events != "off")
    throw std::runtime_error("EVENTS is on or off, not " + events);
  return events == "on";
}

double Seconds(steady_clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

void AwaitTrue(test::PlatformConnection& database, const std::string& question,
               std::chrono::milliseconds every = kLookEvery) {
  const auto deadline = steady_clock::now() + kLimit;
  while (database.Value(question) != "t") {
    if (steady_clock::now() > deadline) throw std::runtime_error("never true: " + question);
    std::this_thread::sleep_for(every);
  }
}

// Executions from `from` to `to` a second, by when their rows were updated.
double RateBetween(test::PlatformConnection& database, std::size_t from, std::size_t to) {
  const auto seconds = database.Value(
      "SELECT extract(epoch FROM b.updated - a.updated) FROM execution a, execution b WHERE a.id "
      "= " +
      std::to_string(from) + " AND b.id = " + std::to_string(to));
  const double took = std::stod(seconds);
  return took > 0 ? static_cast<double>(to - from) / took : 0;
}

}  // namespace

Served::Served(const std::string& broker_url, const std::string& management_url,
               const std::string& ledger_url, const std::vector<std::string>& queues,
               const std::string& more_toml) {
  std::ofstream file(folder_ / "deadletter.toml");
  file << "[broker]\nurl = \"" << broker_url << "\"\n";
  if (!management_url.empty()) file << "management_url = \"" << management_url << "\"\n";
  file << "[ledger]\nurl = \"" << ledger_url << "\"\n[http]\nlisten = \"127.0.0.1:0\"\n";
  file << "requests_per_second = 100000\n";
  for (const std::string& queue : queues) file << "[[queue]]\nname = \"" << queue << "\"\n";
  file << more_toml;
}

void Served::Run(std::vector<std::string> command) {
  command.insert(command.begin(), Program());
  command.insert(command.end(), {"--config", folder_ / "deadletter.toml"});
  const auto done = test::RunProgram(command);
  if (done.status != 0) throw std::runtime_error(command[1] + ": " + done.output);
}

void Served::Migrate() {
  Run({"migrate"});
}

void Served::ApplyTopology() {
  Run({"topology", "apply"});
}

void Served::Start() {
  process_ = std::make_unique<test::ChildProcess>(
      std::vector<std::string>{Program(), "serve", "--config", folder_ / "deadletter.toml"});
}

void Served::AwaitConsuming() {
  if (!process_->WaitForLine("\"consuming\"", std::chrono::seconds(60)))
    throw std::runtime_error("serve does not consume: " + process_->output());
}

std::string Served::Url() {
  const auto line = process_->WaitForLine("http://127.0.0.1:", std::chrono::seconds(60));
  if (!line) throw std::runtime_error("serve does not listen: " + process_->output());
  const std::size_t begin = line->find("http://");
  return line->substr(begin, line->find_first_of("\" ", begin) - begin);
}

void Served::Stop() {
  process_->Signal(SIGTERM);
  const auto status = process_->WaitForExit(std::chrono::seconds(15));
  if (status != 0) throw std::runtime_error("serve did not end in order: " + process_->output());
}

void Served::Kill() {
  process_->Signal(SIGKILL);
  if (!process_->WaitForExit(std::chrono::seconds(15)))
    throw std::runtime_error("serve cannot be killed");
}

RoadResult RunRoad(Servers& servers, const RoadOptions& options) {
  const std::size_t letters = options.filling.letters;
  RoadResult result;
  result.database =
      options.database.empty() ? servers.MakeDatabase(options.filling) : options.database;
  const std::string vhost = servers.MakeVhost(options.filling, options.queues);
  test::PlatformConnection database(result.database);

  const bool has_events = HasEvents();
  const std::string more_toml = has_events ? "" : "[events]\nenabled = false\n";
  std::vector<std::unique_ptr<Served>> instances;
  for (int n = 0; n < options.instances; ++n) {
    instances.push_back(std::make_unique<Served>(servers.AmqpUrl(vhost), servers.ManagementUrl(),
                                                 result.database, options.queues, more_toml));
  }
  instances.front()->Migrate();
  const CpuTimes before = servers.Cpu();
  for (auto& instance : instances) instance->Start();
  instances.front()->AwaitConsuming();
  const auto began = steady_clock::now();

  // To ask for one of them costs the server nothing; it is one of the last to fail, but not always
  // the very last.
  const std::string last = std::to_string(letters);
  AwaitTrue(database, "SELECT status = 'failed' FROM execution WHERE id = " + last);
  AwaitTrue(database, "SELECT NOT EXISTS (SELECT FROM execution WHERE status = 'scheduled')");
  result.letters_per_second = static_cast<double>(letters) / Seconds(steady_clock::now() - began);
  AwaitTrue(database, "SELECT NOT EXISTS (SELECT FROM deadletter.outbox)", kLookSeldom);
  result.events_per_second = static_cast<double>(letters) / Seconds(steady_clock::now() - began);
  if (options.await_what_is_behind) {
    AwaitTrue(database,
              "SELECT (SELECT counted FROM deadletter.counting) = " + last +
                  " AND (SELECT indexed FROM deadletter.text_index) = " + last,
              kLookSeldom);
    result.behind_per_second = static_cast<double>(letters) / Seconds(steady_clock::now() - began);
  }

  const CpuTimes after = servers.Cpu();
  const auto each = [&](std::int64_t microseconds) {
    return static_cast<double>(microseconds) / static_cast<double>(letters);
  };
  std::int64_t own = 0;
  for (auto& instance : instances) {
    own += CpuMicroseconds(instance->pid());
    result.resident_mib =
        std::max(result.resident_mib, static_cast<double>(PeakResidentKib(instance->pid())) / 1024);
  }
  result.own_cpu_us = each(own);
  result.postgres_cpu_us = each(after.postgres_us - before.postgres_us);
  result.rabbitmq_cpu_us = each(after.rabbitmq_us - before.rabbitmq_us);
  for (auto& instance : instances) instance->Stop();

  const auto failed = database.Value("SELECT count(*) FROM execution WHERE status = 'failed'");
  if (failed != last) throw std::runtime_error(failed + " of " + last + " are failed");
  if (options.database.empty()) {
    const auto recorded = database.Value("SELECT count(*) FROM deadletter.letter");
    if (recorded != last) throw std::runtime_error(recorded + " of " + last + " are recorded");
  }
  Amqp broker(servers.AmqpUrl(vhost));
  for (const std::string& queue : options.queues) {
    if (broker.ReadyMessages(queue) != 0) throw std::runtime_error(queue + " is not empty");
  }
  const auto events = broker.ReadyMessages(kEventQueue);
  if (has_events && events < letters) throw std::runtime_error(std::to_string(events) + " events of " + last);
  const std::size_t tenth = letters / 10;
  result.first_per_second = RateBetween(database, 1, tenth);
  result.last_per_second = RateBetween(database, letters - tenth, letters);
  servers.DropVhost(vhost);
  if (!options.keep && options.database.empty()) servers.DropDatabase(result.database);
  return result;
}

}  // namespace deadletter::bench
