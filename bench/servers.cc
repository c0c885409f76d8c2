#include "bench/servers.h"

#include <chrono>
#include <cstdlib>
#include <sstream>
#include <stdexcept>

#include "bench/amqp.h"
#include "bench/cpu.h"
#include "tests/folders.h"
#include "tests/support/child_process.h"
#include "tests/support/platform_connection.h"

namespace deadletter::bench {
namespace {

constexpr const char* kFolder = DEADLETTER_SOURCE_DIR "/bench/";

std::string DatabaseOf(const std::string& url) {
  return url.substr(url.rfind('/') + 1);
}

}  // namespace

std::string PlatformName(Platform platform) {
  switch (platform) {
    case Platform::kShaped:
      return "shaped";
    case Platform::kComplete:
      return "complete";
  }
  return "";
}

Servers::Servers() {
  test::PlatformConnection server(postgres_.Url());
  for (const char* setting :
       {"shared_buffers = '1GB'", "max_wal_size = '16GB'", "checkpoint_timeout = '1h'"}) {
    server.Run(std::string("ALTER SYSTEM SET ") + setting);
  }
  // A server of one's own is measured by its own settings: NAME = VALUE; NAME = VALUE.
  const char* const more = std::getenv("POSTGRES_SETTINGS");
  std::istringstream settings(more != nullptr ? more : "");
  for (std::string setting; std::getline(settings, setting, ';');)
    server.Run("ALTER SYSTEM SET " + setting);
  postgres_.Restart();
  rabbitmq_pid_ = std::stoi(rabbitmq_.Control({"eval", "io:format(\"~s~n\", [os:getpid()])."}));
}

std::string Servers::MakeDatabase(const Filling& filling, bool with_reference) {
  return MakeFrom(Template(filling, with_reference));
}

std::string Servers::CopyDatabase(const std::string& url) {
  return MakeFrom(DatabaseOf(url));
}

std::string Servers::MakeFrom(const std::string& template_name) {
  const std::string name = "run" + std::to_string(++databases_);
  test::PlatformConnection server(postgres_.Url());
  server.Run("CREATE DATABASE " + name + " TEMPLATE " + template_name + " STRATEGY file_copy");
  server.Run("CHECKPOINT");
  return postgres_.Url(name);
}

void Servers::FillLedger(const std::string& url, std::size_t letters) {
  Psql(url, {Platform::kShaped, letters, 0}, {"ledger/letters.sql"});
}

std::string Servers::Template(const Filling& filling, bool with_reference) {
  for (const Made& made : templates_) {
    if (made.filling == filling && made.with_reference == with_reference) return made.name;
  }
  const std::string name = "template_" + std::to_string(templates_.size() + 1);
  test::PlatformConnection(postgres_.Url()).Run("CREATE DATABASE " + name);
  std::vector<std::string> files = {"platform/execution.sql"};
  if (filling.platform == Platform::kComplete)
    files.emplace_back("platform/execution_complete.sql");
  files.emplace_back("platform/fill.sql");
  if (with_reference) {
    files.emplace_back("settle/tables.sql");
    files.emplace_back("settle/letters.sql");
  }
  Psql(postgres_.Url(name), filling, files);
  templates_.push_back({filling, with_reference, name});
  return name;
}

void Servers::Psql(const std::string& url, const Filling& filling,
                   const std::vector<std::string>& files) {
  std::vector<std::string> command = {"psql", "-q",
                                      "-v",   "ON_ERROR_STOP=1",
                                      "-v",   "letters=" + std::to_string(filling.letters),
                                      "-v",   "body_bytes=" + std::to_string(filling.body_bytes),
                                      url};
  for (const std::string& file : files) command.insert(command.end(), {"-f", kFolder + file});
  const auto done = test::RunProgram(command, {}, std::chrono::minutes(30));
  if (done.status != 0) throw std::runtime_error("psql: " + done.output);
}

void Servers::DropDatabase(const std::string& url) {
  test::PlatformConnection(postgres_.Url())
      .Run("DROP DATABASE " + DatabaseOf(url) + " WITH (FORCE)");
}

const std::vector<Request>& Servers::Requests(const Filling& filling) {
  if (requests_of_ == filling && !requests_.empty()) return requests_;
  requests_.clear();
  requests_of_ = filling;
  const std::string name = Template(filling, false);
  test::PlatformConnection database(postgres_.Url(name));
  constexpr std::size_t kAtOnce = 20'000;
  for (std::size_t from = 0; from < filling.letters; from += kAtOnce) {
    const auto rows = database.Ask("SELECT queue, routing_key, body FROM request WHERE id > " +
                                   std::to_string(from) +
                                   " AND id <= " + std::to_string(from + kAtOnce) + " ORDER BY id");
    for (const auto& row : rows) {
      requests_.push_back({row[0].value_or(""), row[1].value_or(""), row[2].value_or("")});
    }
  }
  return requests_;
}

std::string Servers::MakeVhost(const Filling& filling, const std::vector<std::string>& queues) {
  const std::string vhost = rabbitmq_.MakeVhost("bench");
  rabbitmq_.DeclareExchange(vhost, "attune.executions", "topic");
  AddQueue(vhost, kEventQueue, "execution.completed");
  for (const std::string& queue : queues) {
    // One exchange a queue, where there are several: the routing key stays the letter's own.
    rabbitmq_.DeclareExchange(vhost, "dlx." + queue, "topic");
    rabbitmq_.DeclareQueue(vhost, queue);
    rabbitmq_.Bind(vhost, "dlx." + queue, queue, "#");
  }
  Amqp broker(AmqpUrl(vhost));
  broker.ConfirmAll();
  const auto died_at = std::chrono::duration_cast<std::chrono::seconds>(
                           std::chrono::system_clock::now().time_since_epoch())
                           .count();
  const auto& requests = Requests(filling);
  for (std::size_t n = 0; n < requests.size(); ++n) {
    const Request& request = requests[n];
    broker.PublishDeadLetter("dlx." + queues[n % queues.size()],
                             {request.queue, request.routing_key, request.body}, died_at);
  }
  broker.ConfirmAll();
  return vhost;
}

void Servers::AddQueue(const std::string& vhost, const std::string& queue,
                       const std::string& pattern) {
  rabbitmq_.DeclareQueue(vhost, queue);
  rabbitmq_.Bind(vhost, "attune.executions", queue, pattern);
}

void Servers::DropVhost(const std::string& vhost) {
  rabbitmq_.DeleteVhost(vhost);
}

CpuTimes Servers::Cpu() const {
  return {CpuMicrosecondsWithChildren(postgres_.pid()), CpuMicroseconds(rabbitmq_pid_)};
}

}  // namespace deadletter::bench
