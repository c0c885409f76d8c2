// What a person may ask of the ledger, in the words of the HTTP API: parameters in, JSON out. The
// edges (http, cli) translate nothing else. Reading only: no call here changes a letter or touches
// a queue (P7).
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/catalog.h"
#include "ledger/executions.h"
#include "operations/operation_error.h"
#include "operations/parameter.h"

namespace deadletter {

// One connection's worth of ports; they belong to one thread at a time.
struct LedgerReaders {
  std::unique_ptr<Catalog> catalog;  // never null
  std::unique_ptr<Executions>
      executions;  // null: the platform's table is not to be read (observing)
};

struct OperationsOptions {
  ExecutionIdType id_type = ExecutionIdType::kInteger;
  std::string base_path = "/";  // `http.base_path`: links in answers begin with it
};

// Safe from any thread. As many calls run at once as there are readers; the others wait for one of
// them.
class Operations {
 public:
  // `readers` is not empty.
  Operations(std::vector<LedgerReaders> readers, OperationsOptions options);

  // GET /v1/letters: {"items":[…],"next_cursor":"…"|null}.
  [[nodiscard]] OperationResult<std::string> ListLetters(std::span<const Parameter> parameters);

  // GET /v1/letters/{id}: one letter with all that is known of it. Its execution is null where the
  // letter names none, where there is no such row, and where the platform's table cannot be read
  // now.
  [[nodiscard]] OperationResult<std::string> ShowLetter(std::string_view id);

  // GET /v1/letters/{id}/body: the bytes as they came.
  [[nodiscard]] OperationResult<std::string> LetterBody(std::string_view id);

  // From now on every call is answered kUnavailable. Those in progress are waited for until
  // `deadline`; then the ledger is not waited for any more.
  void Close(std::chrono::steady_clock::time_point deadline);

 private:
  class Lease;

  [[nodiscard]] OperationResult<LetterRecord> Find(LedgerReaders& readers,
                                                   std::string_view id) const;

  const OperationsOptions options_;
  std::vector<LedgerReaders> readers_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<LedgerReaders*> idle_;  // guarded by mutex_
  bool closed_ = false;               // guarded by mutex_
};

}  // namespace deadletter
