// A real PostgreSQL as a private process (scripts/private-postgres): fsync on, a password, a free
// port on 127.0.0.1, all its files in a folder of the test's.
#pragma once

#include <sys/types.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/temporary_folder.h"

namespace deadletter::test {

// Everything throws std::runtime_error where it fails: a service that is missing is a failure.
class PrivatePostgres {
 public:
  PrivatePostgres();  // starts it
  // Started with these variables in its environment.
  explicit PrivatePostgres(const std::map<std::string, std::string>& environment);
  // A hot standby of that one, which streams to it.
  enum class Standby { kOf };
  PrivatePostgres(Standby, const PrivatePostgres& primary);
  ~PrivatePostgres();  // ends it, and its files are gone
  PrivatePostgres(const PrivatePostgres&) = delete;
  PrivatePostgres& operator=(const PrivatePostgres&) = delete;

  // Again on the same port, over the same data.
  void Start();
  void Stop();  // in order; who is connected is thrown out
  void Kill();  // as a crash: what was not committed is gone
  void Restart();
  void Freeze();  // goes on listening and answers nobody, until Thaw()
  void Thaw();

  // A superuser's, for one of the server's databases.
  [[nodiscard]] std::string Url(const std::string& database = "postgres") const;
  // Makes an empty database and gives its URL: every test its own. The name is told apart by a
  // number.
  [[nodiscard]] std::string MakeDatabase(const std::string& name);

  [[nodiscard]] const std::string& password() const { return password_; }
  [[nodiscard]] std::string folder() const { return folder_.path().string(); }
  [[nodiscard]] pid_t pid() const { return pid_; }  // the postmaster's

 private:
  void Script(const std::string& command, std::vector<std::string> more = {});

  TemporaryFolder folder_;
  std::string address_;  // the URL without the database
  std::string password_;
  pid_t pid_ = 0;
  int databases_ = 0;
};

// The one server of a test program, started when it is first asked for and ended with the program's
// tests. For tests that leave it running.
[[nodiscard]] PrivatePostgres& SharedPostgres();

}  // namespace deadletter::test
