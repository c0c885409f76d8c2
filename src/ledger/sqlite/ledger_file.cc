#include "ledger/sqlite/ledger_file.h"

#include <sqlite3.h>

#include <algorithm>
#include <thread>

#include "ledger/sqlite/stored_time.h"

namespace deadletter {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kLongestNap(5);
constexpr int kInstructionsBetweenLooks = 2'000;

// A checkpoint copies pages that were changed many times only once, so that fewer and larger ones
// cost less; the log then takes up to 32 MiB.
constexpr int kCheckpointPages = 8'000;

// A batch that does not fit into the cache (KiB) is written to the log early and then once more;
// what a statement must be able to undo is kept in memory and not in a file that is made for each
// transaction.
constexpr const char* MemoryOf(PageCache cache) {
  switch (cache) {
    case PageCache::k2Mebibytes:
      return "PRAGMA cache_size = -2048; PRAGMA temp_store = MEMORY;";
    case PageCache::k32Mebibytes:
      return "PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY;";
  }
  return "";
}

int PrimaryCode(int code) {
  return code & 0xff;
}

LedgerFault FaultOf(const sqlite::DatabaseError& error) {
  if (error.IsBusy()) return LedgerFault::kBusy;
  switch (PrimaryCode(error.code)) {
    case SQLITE_CONSTRAINT:  // the platform's constraints and its triggers' RAISE
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
      return LedgerFault::kLetter;
    case SQLITE_CANTOPEN:
    case SQLITE_INTERRUPT:
    case SQLITE_NOTADB:
      return LedgerFault::kUnavailable;
    default:
      return LedgerFault::kStatement;
  }
}

std::string CodeName(int code) {
  switch (code) {
    case SQLITE_CONSTRAINT_TRIGGER:
      return "SQLITE_CONSTRAINT_TRIGGER";
    case SQLITE_CONSTRAINT_CHECK:
      return "SQLITE_CONSTRAINT_CHECK";
    case SQLITE_CONSTRAINT_NOTNULL:
      return "SQLITE_CONSTRAINT_NOTNULL";
    case SQLITE_CONSTRAINT_FOREIGNKEY:
      return "SQLITE_CONSTRAINT_FOREIGNKEY";
    case SQLITE_CONSTRAINT_UNIQUE:
      return "SQLITE_CONSTRAINT_UNIQUE";
    case SQLITE_CONSTRAINT_PRIMARYKEY:
      return "SQLITE_CONSTRAINT_PRIMARYKEY";
    case SQLITE_CONSTRAINT_DATATYPE:
      return "SQLITE_CONSTRAINT_DATATYPE";
    case SQLITE_READONLY_DBMOVED:
      return "SQLITE_READONLY_DBMOVED";
    default:
      break;
  }
  switch (PrimaryCode(code)) {
    case SQLITE_BUSY:
      return "SQLITE_BUSY";
    case SQLITE_LOCKED:
      return "SQLITE_LOCKED";
    case SQLITE_PROTOCOL:
      return "SQLITE_PROTOCOL";
    case SQLITE_CONSTRAINT:
      return "SQLITE_CONSTRAINT";
    case SQLITE_TOOBIG:
      return "SQLITE_TOOBIG";
    case SQLITE_CANTOPEN:
      return "SQLITE_CANTOPEN";
    case SQLITE_NOTADB:
      return "SQLITE_NOTADB";
    case SQLITE_INTERRUPT:
      return "SQLITE_INTERRUPT";
    case SQLITE_FULL:
      return "SQLITE_FULL";
    case SQLITE_READONLY:
      return "SQLITE_READONLY";
    case SQLITE_IOERR:
      return "SQLITE_IOERR";
    case SQLITE_CORRUPT:
      return "SQLITE_CORRUPT";
    case SQLITE_ERROR:
      return "SQLITE_ERROR";
    default:
      return "SQLITE_" + std::to_string(code);
  }
}

// Whether what the connection believes about the file may be wrong after such an error.
bool SpoilsConnection(int code) {
  switch (PrimaryCode(code)) {
    case SQLITE_IOERR:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
      return true;
    default:
      return false;
  }
}

Unexpected<LedgerError> Unavailable(std::string code, std::string message) {
  return Unexpected<LedgerError>({LedgerFault::kUnavailable, std::move(code), std::move(message)});
}

}  // namespace

LedgerFile::LedgerFile(std::string path, milliseconds lock_timeout, PageCache cache)
    : path_(std::move(path)), lock_timeout_(lock_timeout), cache_(cache) {}

LedgerResult<sqlite::Database*> LedgerFile::Open() {
  return OpenFile(false);
}

LedgerResult<sqlite::Database*> LedgerFile::OpenOrCreate() {
  return OpenFile(true);
}

LedgerResult<sqlite::Database*> LedgerFile::OpenFile(bool create) {
  if (aborted_) return Unavailable("SQLITE_INTERRUPT", "the ledger is being closed");
  if (database_ && Moved()) {
    database_.reset();
    return Unavailable(CodeName(SQLITE_READONLY_DBMOVED),
                       path_ +
                           " was moved, deleted or replaced while it was in use; a file that "
                           "stands there now is used from here on, and what the other one held is "
                           "not in it");
  }
  if (distrusted_) database_.reset();
  if (database_) return database_.get();
  auto opened = sqlite::Database::Open(path_, {.busy_timeout = lock_timeout_, .create = create});
  if (!opened) return Unavailable(CodeName(opened.error().code), opened.error().message);
  if (auto prepared = Prepare(**opened); !prepared)
    return Unexpected<LedgerError>(prepared.error());
  database_ = std::move(*opened);
  ++generation_;
  distrusted_ = false;
  return database_.get();
}

LedgerResult<void> LedgerFile::Prepare(sqlite::Database& database) {
  sqlite3* handle = database.handle();
  sqlite3_busy_handler(handle, &LedgerFile::Wait, this);
  sqlite3_progress_handler(
      handle, kInstructionsBetweenLooks,
      [](void* self) { return static_cast<LedgerFile*>(self)->aborted_ ? 1 : 0; }, this);
  sqlite3_wal_autocheckpoint(handle, kCheckpointPages);
  if (auto sized = database.Execute(MemoryOf(cache_)); !sized) return Failed(sized.error());
  if (const int code = RegisterStoredTime(handle); code != SQLITE_OK) {
    return Unavailable(CodeName(code), path_ + ": " + sqlite3_errstr(code));
  }
  return {};
}

bool LedgerFile::Moved() const {
  int moved = 0;
  sqlite3_file_control(database_->handle(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  return moved != 0;
}

// SQLite's own handler sleeps up to 100 ms at a time and cannot be called off.
int LedgerFile::Wait(void* self, int tries) {
  auto* file = static_cast<LedgerFile*>(self);
  const auto now = steady_clock::now();
  if (tries == 0) file->wait_until_ = now + file->lock_timeout_;
  if (file->aborted_ || now >= file->wait_until_) return 0;
  std::this_thread::sleep_for(std::min(kLongestNap, milliseconds(1 + tries / 4)));
  return 1;
}

LedgerResult<sqlite::Transaction> LedgerFile::Begin() {
  auto begun = sqlite::Transaction::Begin(*database_);
  if (!begun) return Failed(begun.error());
  return std::move(*begun);
}

LedgerResult<void> LedgerFile::Commit(sqlite::Transaction& transaction) {
  const bool sound = !transaction.error();
  const auto committed = transaction.Commit();
  if (committed) return {};
  auto failed = Failed(committed.error());
  // The log may hold the whole transaction although the disk would not say so.
  if (sound && PrimaryCode(committed.error().code) == SQLITE_IOERR) {
    failed.value().fault = LedgerFault::kInDoubt;
  }
  return failed;
}

Unexpected<LedgerError> LedgerFile::Failed(const sqlite::DatabaseError& error) {
  if (SpoilsConnection(error.code)) distrusted_ = true;
  if (aborted_) return Unavailable(CodeName(error.code), error.message);
  return Unexpected<LedgerError>({FaultOf(error), CodeName(error.code), error.message});
}

}  // namespace deadletter
