// One connection to PostgreSQL: non-blocking, bounded, and ended from any thread; but for the
// resolution of a server's name, which takes as long as the system's resolver takes.
#pragma once

#include <libpq-fe.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/ledger_error.h"
#include "ledger/postgres/parameters.h"

namespace deadletter::postgres {

// The server ends a statement after a minute; an answer later than this will not come.
inline constexpr std::chrono::seconds kAnswerLimit{90};

struct Statement {
  std::string sql;
  Parameters parameters;
  // Parsed once a session, under a name. Whether its plan is kept, too, is for plan_cache_mode to
  // say. For texts of which there are few: none is forgotten before the session ends.
  bool is_kept = false;
};

// How the server may go about a statement.
enum class Plan {
  kAny,
  // Along an index that has the rows in the order that is asked for, and no further than the limit.
  // Where the planner expects few rows, and what it knows of the values of an expression is little,
  // it would gather all of them and sort.
  kInOrder,
};

// Named fault points of a transaction: everything of it is with the kernel; its answer is waited
// for.
struct SendPoints {
  std::string_view sent;
  std::string_view awaited;
};

// Threads: one makes every call; only Abort() may come from any.
class Connection {
 public:
  // `url` as libpq understands it; `schema` is that of the ledger's own tables. Nothing is opened
  // before the first call.
  Connection(std::string url, std::string schema, std::chrono::milliseconds lock_timeout,
             std::chrono::milliseconds statement_timeout = std::chrono::minutes(1));
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Opens where nothing is open or what was open has died meanwhile. Fails with kUnavailable.
  [[nodiscard]] LedgerResult<void> Open();

  // One statement in a transaction of its own. A lost connection is kUnavailable: for reading, or
  // for what may safely be done twice. No answer within `limit` counts as a lost connection.
  [[nodiscard]] LedgerResult<Rows> Run(const Statement& statement,
                                       std::chrono::seconds limit = kAnswerLimit);
  // The same, but that the server ends it after `most` (kTooLong) where that comes before its
  // statement timeout.
  [[nodiscard]] LedgerResult<Rows> RunWithin(Statement statement, std::chrono::milliseconds most,
                                             Plan plan = Plan::kAny);

  // All statements between BEGIN and COMMIT, sent in one go and answered in one; one Rows each.
  // Everything happened or nothing did, or kInDoubt: the connection died after it was sent. READ
  // COMMITTED, so that each statement sees what was committed before it began.
  [[nodiscard]] LedgerResult<std::vector<Rows>> Transact(std::vector<Statement> statements,
                                                         const SendPoints& points = {});
  // The same in steps, where a later statement needs what an earlier one gave; between Begin() and
  // Commit() any number of them. After an error the transaction is over; begun and not finished, it
  // ends with the next Begin(), Run() or the connection.
  // `meanwhile` is called once everything is sent, before its answer is waited for.
  [[nodiscard]] LedgerResult<std::vector<Rows>> Begin(
      std::vector<Statement> statements, const std::function<void()>& meanwhile = nullptr);
  [[nodiscard]] LedgerResult<Rows> Continue(const Statement& statement);
  [[nodiscard]] LedgerResult<std::vector<Rows>> Commit(std::vector<Statement> statements,
                                                       const SendPoints& points = {});
  // As Commit(), but that nothing of it is kept.
  [[nodiscard]] LedgerResult<void> Rehearse(std::span<const Statement> statements);
  void RollBack();

  // Several statements in one text, without parameters (migrations). No answer within `limit`
  // counts as a lost connection.
  [[nodiscard]] LedgerResult<void> RunScript(const std::string& sql,
                                             std::chrono::seconds limit = kAnswerLimit);

  // Ends a waiting call, and lets each later one fail with kUnavailable.
  void Abort();

  // Changes with each new connection: what was learnt over an earlier one may no longer hold.
  [[nodiscard]] std::uint64_t generation() const { return generation_; }

 private:
  struct Finish {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };
  using Deadline = std::chrono::steady_clock::time_point;
  enum class OnLoss { kUnavailable, kInDoubt };

  [[nodiscard]] LedgerResult<void> Connect();
  [[nodiscard]] LedgerResult<void> AwaitConnected(std::chrono::seconds limit);
  [[nodiscard]] LedgerResult<void> Prepare();
  [[nodiscard]] bool HasDied();
  void EndTransaction();

  [[nodiscard]] LedgerResult<std::vector<Rows>> SendAll(
      std::span<const Statement> statements, OnLoss on_loss,
      std::chrono::seconds limit = kAnswerLimit, const SendPoints& points = {},
      const std::function<void()>& meanwhile = nullptr);
  // What an answer is to: a statement, or the parsing of one that is kept.
  struct Asked {
    std::string_view parsed;  // its text; empty: it was no parsing
    std::string name;
  };
  [[nodiscard]] bool Send(std::span<const Statement> statements, std::vector<Asked>& asked);
  [[nodiscard]] bool SendOne(const Statement& statement, std::vector<Asked>& asked);
  [[nodiscard]] bool Flush(Deadline deadline);
  [[nodiscard]] LedgerResult<std::vector<Rows>> Collect(std::span<const Asked> asked,
                                                        OnLoss on_loss, Deadline deadline);
  [[nodiscard]] bool AwaitResult(Deadline deadline);
  // Waits for `events` on the socket. False: the time is up or Abort() was called.
  [[nodiscard]] bool AwaitSocket(short events, Deadline deadline);
  [[nodiscard]] LedgerError Lost(OnLoss on_loss);
  [[nodiscard]] std::string Hidden(std::string message) const;  // without the password

  std::string url_;
  std::string schema_;
  std::chrono::milliseconds lock_timeout_;
  std::chrono::milliseconds statement_timeout_;
  std::string password_;
  std::unique_ptr<PGconn, Finish> connection_;
  std::uint64_t generation_ = 0;
  std::map<std::string, std::string, std::less<>> names_;  // of this session's kept statements
  std::string names_begin_;  // of this session's: a pooler may give one to several of ours
  std::uint64_t names_given_ = 0;
  bool timed_out_ = false;  // the last wait was for nothing
  std::atomic<bool> aborted_{false};
  int wake_ = -1;  // an eventfd that stays readable once Abort() was called
};

}  // namespace deadletter::postgres
