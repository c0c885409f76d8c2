#include "tests/support/platform_connection.h"

#include <chrono>
#include <stdexcept>
#include <thread>

namespace deadletter::test {
namespace {

struct Clear {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, Clear>;

void Check(const Result& result) {
  const auto status = PQresultStatus(result.get());
  if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return;
  throw std::runtime_error(PQresultErrorMessage(result.get()));
}

}  // namespace

PlatformConnection::PlatformConnection(const std::string& url)
    : connection_(PQconnectdb(url.c_str())) {
  if (PQstatus(connection_.get()) != CONNECTION_OK) {
    throw std::runtime_error(PQerrorMessage(connection_.get()));
  }
  PQsetNoticeReceiver(connection_.get(), [](void*, const PGresult*) {}, nullptr);
}

void PlatformConnection::Run(const std::string& sql) {
  Check(Result(PQexec(connection_.get(), sql.c_str())));
}

std::vector<PlatformConnection::Row> PlatformConnection::Ask(
    const std::string& sql, const std::vector<std::optional<std::string>>& parameters) {
  std::vector<const char*> values;
  for (const auto& parameter : parameters)
    values.push_back(parameter ? parameter->c_str() : nullptr);
  const Result result(PQexecParams(connection_.get(), sql.c_str(), static_cast<int>(values.size()),
                                   nullptr, values.data(), nullptr, nullptr, 0));
  Check(result);
  std::vector<Row> rows;
  for (int row = 0; row < PQntuples(result.get()); ++row) {
    auto& cells = rows.emplace_back();
    for (int column = 0; column < PQnfields(result.get()); ++column) {
      const bool is_null = PQgetisnull(result.get(), row, column) != 0;
      cells.push_back(is_null ? std::nullopt
                              : std::optional<std::string>(PQgetvalue(result.get(), row, column)));
    }
  }
  return rows;
}

std::string PlatformConnection::Value(const std::string& sql,
                                      const std::vector<std::optional<std::string>>& parameters) {
  const auto rows = Ask(sql, parameters);
  return rows.empty() ? "" : rows.front().front().value_or("");
}

void PlatformConnection::AwaitLockWaits(int sessions) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (std::stoi(
             Value("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND "
                   "wait_event_type = 'Lock'")) < sessions) {
    if (std::chrono::steady_clock::now() > deadline)
      throw std::runtime_error("nobody waits for a lock");
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

}  // namespace deadletter::test
