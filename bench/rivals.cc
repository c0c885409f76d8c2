#include "bench/rivals.h"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <array>
#include <boost/json.hpp>
#include <chrono>
#include <stdexcept>

#include "bench/amqp.h"
#include "tests/folders.h"
#include "tests/support/child_process.h"
#include "tests/support/platform_connection.h"

namespace deadletter::bench {
namespace {

using std::chrono::steady_clock;

constexpr std::uint64_t kAckEvery = 1'000;

class Watch {
 public:
  explicit Watch(Servers& servers)
      : servers_(servers), cpu_(servers.Cpu()), began_(steady_clock::now()) {}

  [[nodiscard]] RivalResult Done(std::size_t letters) const {
    const double count = static_cast<double>(letters);
    const double took = std::chrono::duration<double>(steady_clock::now() - began_).count();
    const CpuTimes now = servers_.Cpu();
    return {count / took, static_cast<double>(now.postgres_us - cpu_.postgres_us) / count,
            static_cast<double>(now.rabbitmq_us - cpu_.rabbitmq_us) / count};
  }

 private:
  Servers& servers_;
  CpuTimes cpu_;
  steady_clock::time_point began_;
};

struct Finish {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
struct Clear {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, Clear>;

class Original {
 public:
  explicit Original(const std::string& url) : connection_(PQconnectdb(url.c_str())) {
    Expect(Result(PQprepare(connection_.get(), "find",
                            "SELECT id, action, action_ref, status, config, worker, created, "
                            "updated FROM execution WHERE id = $1",
                            0, nullptr)),
           PGRES_COMMAND_OK);
    Expect(Result(PQprepare(connection_.get(), "fail",
                            "UPDATE execution SET status = $2, result = $3, updated = now() "
                            "WHERE id = $1",
                            0, nullptr)),
           PGRES_COMMAND_OK);
  }

  void Handle(std::string_view body) {
    const boost::json::value envelope = boost::json::parse({body.data(), body.size()});
    const auto& payload = envelope.at("payload").as_object();
    const std::string id = std::to_string(payload.at("execution_id").as_int64());
    const Result found = Execute("find", {id.c_str()});
    if (PQntuples(found.get()) == 0 || PQgetvalue(found.get(), 0, 3) != std::string("scheduled"))
      return;
    const auto worker = payload.at("worker_id").as_int64();
    const std::string result = fmt::format(
        R"({{"error":"Worker queue TTL expired","message":"Execution expired in worker queue )"
        R"((worker_id: {}). Worker did not process the execution within the configured TTL. This )"
        R"(typically indicates the worker is unavailable or overloaded.","expired_at":"{}"}})",
        worker, envelope.at("timestamp").as_string().c_str());
    Execute("fail", {id.c_str(), "failed", result.c_str()});
  }

 private:
  void Expect(const Result& result, ExecStatusType status) const {
    if (PQresultStatus(result.get()) != status)
      throw std::runtime_error(PQerrorMessage(connection_.get()));
  }
  Result Execute(const char* name, std::initializer_list<const char*> values) {
    Result result(PQexecPrepared(connection_.get(), name, static_cast<int>(values.size()),
                                 values.begin(), nullptr, nullptr, 0));
    const auto status = PQresultStatus(result.get());
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
      throw std::runtime_error(PQerrorMessage(connection_.get()));
    return result;
  }

  std::unique_ptr<PGconn, Finish> connection_;
};

}  // namespace

RivalResult RunDrain(Servers& servers, const Filling& filling, std::uint16_t prefetch,
                     bool gather) {
  const std::string vhost = servers.MakeVhost(filling);
  RivalResult result;
  {
    Amqp broker(servers.AmqpUrl(vhost));
    broker.Consume(kDeadLetterQueue, prefetch);
    // No later than half of what may be on its way, or the broker would wait for us.
    const std::uint64_t every = std::min<std::uint64_t>(kAckEvery, prefetch / 2);
    const Watch watch(servers);
    broker.Receive(
        [&](std::uint64_t tag, std::string_view) {
          const bool last = tag == filling.letters;
          if (last || tag % every == 0) broker.Acknowledge(tag, true);
          return !last;
        },
        /*keep_body=*/false, gather);
    result = watch.Done(filling.letters);
  }
  servers.DropVhost(vhost);
  return result;
}

RivalResult RunSettle(Servers& servers, const Filling& filling, std::size_t batch_letters) {
  const std::string database = servers.MakeDatabase(filling, /*with_reference=*/true);
  const std::size_t batches = (filling.letters + batch_letters - 1) / batch_letters;
  const Watch watch(servers);
  const auto done = test::RunProgram(
      {"pgbench", "-n", "-f", DEADLETTER_SOURCE_DIR "/bench/settle/settle.sql", "-D",
       fmt::format("batch_letters={}", batch_letters), "-t", std::to_string(batches), database},
      {}, std::chrono::minutes(60));
  const RivalResult result = watch.Done(filling.letters);
  if (done.status != 0) throw std::runtime_error("pgbench: " + done.output);
  const auto failed = test::PlatformConnection(database).Value(
      "SELECT count(*) FROM reference.letter WHERE outcome = 'failed'");
  if (failed != std::to_string(filling.letters))
    throw std::runtime_error("the settle script failed only " + failed + " executions");
  servers.DropDatabase(database);
  return result;
}

RivalResult RunOriginal(Servers& servers, const Filling& filling) {
  const std::string database = servers.MakeDatabase(filling);
  const std::string vhost = servers.MakeVhost(filling);
  RivalResult result;
  {
    Original original(database);
    Amqp broker(servers.AmqpUrl(vhost));
    broker.Consume(kDeadLetterQueue, 10);
    const Watch watch(servers);
    broker.Receive(
        [&](std::uint64_t tag, std::string_view body) {
          original.Handle(body);
          broker.Acknowledge(tag, false);
          return tag < filling.letters;
        },
        /*keep_body=*/true, /*gather=*/false);
    result = watch.Done(filling.letters);
  }
  const auto failed = test::PlatformConnection(database).Value(
      "SELECT count(*) FROM execution WHERE status = 'failed'");
  if (failed != std::to_string(filling.letters))
    throw std::runtime_error("the original failed only " + failed + " executions");
  servers.DropVhost(vhost);
  servers.DropDatabase(database);
  return result;
}

}  // namespace deadletter::bench
