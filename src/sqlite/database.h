// One connection to one SQLite file, set up so that a commit survives a power cut: write-ahead log,
// synchronous=FULL.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "sqlite/database_error.h"
#include "sqlite/statement.h"

struct sqlite3;
struct sqlite3_stmt;

namespace deadletter::sqlite {

class Database;

// From now on SQLite does not count what it has allocated. The count is of the whole process and
// has one lock: threads that have nothing to do with each other wait for it at each allocation. It
// is for programs that ask nobody for that count (and set no limit to SQLite's memory), before
// SQLite is used by any thread; later it does nothing. The library leaves it to its host.
void CountNoMemory();

struct DatabaseOptions {
  std::chrono::milliseconds busy_timeout{
      10'000};         // how long to wait for another connection's write to end
  bool create = true;  // false: a missing file is an error
  // Asked before anything about the file is changed; an error ends the opening. It may look more
  // than once where the file is busy.
  std::function<DatabaseResult<void>(Database&)> accept = nullptr;
};

// Threads: one at a time. Several connections, in any number of threads and processes, may share
// the file.
class Database {
 public:
  // Opens or creates the file. WAL, synchronous=FULL and foreign keys are asked for and then read
  // back: a file that cannot have them (":memory:", a file system without shared memory) is an
  // error, not a weaker database.
  [[nodiscard]] static DatabaseResult<std::unique_ptr<Database>> Open(
      const std::string& path, const DatabaseOptions& options = {});
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // One statement, compiled once for each text and then kept (up to a limit). Never fails here:
  // what is wrong with the text comes out of the statement's first Next() or Run(). The statement
  // must not outlive the database.
  [[nodiscard]] Statement Prepare(std::string_view sql);

  // Any number of statements without parameters or rows, one after the other; stops at the first
  // error. Outside of a transaction each commits alone. For migrations.
  [[nodiscard]] DatabaseResult<void> Execute(const std::string& script);

  // Rows that the last INSERT, UPDATE or DELETE touched.
  [[nodiscard]] std::int64_t changes() const;
  [[nodiscard]] std::int64_t last_insert_id() const;
  // Changes whenever another connection has committed to the file (PRAGMA data_version); cheap
  // enough to poll.
  [[nodiscard]] DatabaseResult<std::int64_t> DataVersion();

  [[nodiscard]] const std::string& path() const { return path_; }

  // For what only an adapter of its own needs: functions, handlers, file controls. Still the
  // database's.
  [[nodiscard]] sqlite3* handle() const { return handle_; }

 private:
  friend class Statement;
  friend class Transaction;

  Database(sqlite3* handle, std::string path);

  DatabaseResult<void> Configure(const DatabaseOptions& options);
  DatabaseResult<std::string> Pragma(const std::string& pragma);
  DatabaseError LastError(std::string_view attempted) const;
  // Called by a statement that failed: an open transaction can then only be rolled back.
  void Poison(const DatabaseError& error);

  sqlite3* handle_;
  std::string path_;
  std::map<std::string, sqlite3_stmt*, std::less<>>
      idle_;  // compiled and not lent out; null: lent out
  bool in_transaction_ = false;
  std::optional<DatabaseError> poison_;  // the first error of the open transaction
};

// BEGIN IMMEDIATE: the write lock is taken at the start, so that nothing inside can fail for
// somebody else's write.
//
// The transaction remembers the first error of any statement run on its database since it began,
// and Commit() then rolls back and returns that error. So the code inside may go from statement to
// statement without looking at each: what it decided from a row that could not be read is never
// committed. Destroyed without Commit(): rolled back.
class Transaction {
 public:
  [[nodiscard]] static DatabaseResult<Transaction> Begin(Database& database);
  ~Transaction();
  Transaction(Transaction&& other) noexcept;
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  // Success: durable. An error: nothing of it happened. Once only.
  [[nodiscard]] DatabaseResult<void> Commit();

  // The first error so far; to tell "no such row" from "could not look" before the end.
  [[nodiscard]] const std::optional<DatabaseError>& error() const { return database_->poison_; }

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  void RollBack();

  Database* database_;  // null: over
};

}  // namespace deadletter::sqlite
