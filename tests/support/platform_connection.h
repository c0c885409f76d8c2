// A plain connection to PostgreSQL, as the platform has one: for what tests do beside the product.
#pragma once

#include <libpq-fe.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace deadletter::test {

// Throws std::runtime_error with the server's words where a statement fails. One thread at a time.
class PlatformConnection {
 public:
  using Row = std::vector<std::optional<std::string>>;  // values as text

  explicit PlatformConnection(const std::string& url);

  void Run(const std::string& sql);  // one or several statements
  [[nodiscard]] std::vector<Row> Ask(
      const std::string& sql, const std::vector<std::optional<std::string>>& parameters = {});
  // The first column of the first row; empty where it is null.
  [[nodiscard]] std::string Value(const std::string& sql,
                                  const std::vector<std::optional<std::string>>& parameters = {});
  [[nodiscard]] int backend() const { return PQbackendPID(connection_.get()); }

  // Waits until that many sessions of this database wait for a lock; throws after a minute.
  void AwaitLockWaits(int sessions);

 private:
  struct Finish {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };
  std::unique_ptr<PGconn, Finish> connection_;
};

}  // namespace deadletter::test
