// One connection of a port to the ledger's file: opened when first needed, opened again when it
// went bad, and every error in the ledger's words.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "ledger/ledger_error.h"
#include "sqlite/database.h"

namespace deadletter {

// How much of the file a connection may keep in memory. Only who writes batches gains by much; the
// others would fill theirs by merely counting what is in a large ledger.
enum class PageCache { k2Mebibytes, k32Mebibytes };

// Threads: one, but for Abort(), which any thread may call.
class LedgerFile {
 public:
  LedgerFile(std::string path, std::chrono::milliseconds lock_timeout,
             PageCache cache = PageCache::k2Mebibytes);

  // The connection, fit for use; valid until the next call of Open(). kUnavailable: the file is
  // missing, is no database, was moved, deleted or replaced since it was opened (what is written
  // then would be written into nowhere; the next call opens what stands there then, but nobody
  // adopts another ledger without a word), or Abort() was called.
  [[nodiscard]] LedgerResult<sqlite::Database*> Open();
  // Counts connections: another number, another connection, and what was learnt over the last one
  // may be wrong. An address would not tell; a new connection may stand where the last one stood.
  [[nodiscard]] std::uint64_t generation() const { return generation_; }
  // The same as Open(), and makes the file where there is none.
  [[nodiscard]] LedgerResult<sqlite::Database*> OpenOrCreate();

  // BEGIN IMMEDIATE on the connection of the last Open().
  [[nodiscard]] LedgerResult<sqlite::Transaction> Begin();
  // kInDoubt: the disk failed in the middle of the commit; nothing before that can be in doubt.
  [[nodiscard]] LedgerResult<void> Commit(sqlite::Transaction& transaction);

  // Translates, and has the connection opened again next time where it cannot be trusted any more.
  [[nodiscard]] Unexpected<LedgerError> Failed(const sqlite::DatabaseError& error);

  // Ends waits and long statements within milliseconds; every later call fails with kUnavailable.
  void Abort() { aborted_ = true; }

 private:
  [[nodiscard]] LedgerResult<sqlite::Database*> OpenFile(bool create);
  [[nodiscard]] LedgerResult<void> Prepare(sqlite::Database& database);
  [[nodiscard]] bool Moved() const;
  static int Wait(void* self, int tries);

  const std::string path_;
  const std::chrono::milliseconds lock_timeout_;
  const PageCache cache_;
  std::atomic<bool> aborted_{false};
  std::unique_ptr<sqlite::Database> database_;
  std::uint64_t generation_ = 0;
  bool distrusted_ = false;
  std::chrono::steady_clock::time_point wait_until_;
};

}  // namespace deadletter
