// The private servers of a measurement, and what they are filled with before each run.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/support/private_postgres.h"
#include "tests/support/private_rabbitmq.h"
#include "tests/support/temporary_folder.h"

namespace deadletter::bench {

enum class Platform { kShaped, kComplete };

[[nodiscard]] std::string PlatformName(Platform platform);

struct Filling {
  Platform platform = Platform::kShaped;
  std::size_t letters = 0;
  std::size_t body_bytes = 0;  // 0: as it comes, some 450

  friend bool operator==(const Filling&, const Filling&) = default;
};

struct Request {
  std::string queue;
  std::string routing_key;
  std::string body;
};

struct CpuTimes {
  std::int64_t postgres_us = 0;
  std::int64_t rabbitmq_us = 0;
};

inline constexpr const char* kDeadLetterQueue = "attune.dlx.queue";
inline constexpr const char* kEventQueue = "events";

// RabbitMQ and PostgreSQL as scripts/private-* start them, fsync and synchronous_commit on. The
// only settings of ours are those by which checkpoints would fall into one run and not the other.
class Servers {
 public:
  Servers();

  // A new database with the platform's rows, all of them scheduled; with `with_reference` also the
  // tables and letters of the settle script. Its URL. Made by copying, so that every run starts
  // from the same bytes; ends with a checkpoint.
  [[nodiscard]] std::string MakeDatabase(const Filling& filling, bool with_reference = false);
  void DropDatabase(const std::string& url);
  [[nodiscard]] std::string CopyDatabase(const std::string& url);  // nobody may be connected to it
  // Letters of earlier times, in a database where the product has migrated.
  void FillLedger(const std::string& url, std::size_t letters);

  // A new virtual host with the dead letter exchange and its queues; each of `queues` holds its
  // share of the letters, in order: letter n is in queue n % size.
  [[nodiscard]] std::string MakeVhost(const Filling& filling,
                                      const std::vector<std::string>& queues = {kDeadLetterQueue});
  // One more, which the platform's exchange leads to.
  void AddQueue(const std::string& vhost, const std::string& queue, const std::string& pattern);
  void DropVhost(const std::string& vhost);

  [[nodiscard]] std::string AmqpUrl(const std::string& vhost) { return rabbitmq_.AmqpUrl(vhost); }
  [[nodiscard]] std::string ManagementUrl() const { return rabbitmq_.ManagementUrl(); }
  [[nodiscard]] std::string PostgresLog() const { return postgres_.folder() + "/log"; }
  [[nodiscard]] CpuTimes Cpu() const;
  [[nodiscard]] const std::vector<Request>& Requests(const Filling& filling);

 private:
  [[nodiscard]] std::string MakeFrom(const std::string& template_name);
  [[nodiscard]] std::string Template(const Filling& filling, bool with_reference);
  void Psql(const std::string& url, const Filling& filling, const std::vector<std::string>& files);

  test::PrivatePostgres postgres_;
  test::PrivateRabbitMq rabbitmq_;
  pid_t rabbitmq_pid_ = 0;
  int databases_ = 0;
  struct Made {
    Filling filling;
    bool with_reference;
    std::string name;
  };
  std::vector<Made> templates_;
  Filling requests_of_;
  std::vector<Request> requests_;
};

}  // namespace deadletter::bench
