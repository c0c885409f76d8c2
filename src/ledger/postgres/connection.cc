#include "ledger/postgres/connection.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/fault_point.h"
#include "base/uuid.h"
#include "ledger/postgres/connection_parameters.h"
#include "ledger/postgres/errors.h"
#include "ledger/postgres/sql.h"

namespace deadletter::postgres {
namespace {

using std::chrono::steady_clock;

constexpr std::string_view kCanceled = "57014";
// A kept statement is gone (DISCARD, a pooler that gave us another session), or its columns are not
// what they were; a trigger may say the latter for reasons of its own.
constexpr std::string_view kNoSuchStatement = "26000";
constexpr std::string_view kOtherColumns = "0A000";
constexpr std::string_view kTimeoutOfThis =
    "SELECT set_config('statement_timeout', $1::text, true)";
constexpr std::string_view kTimeoutAndOrderOfThis =
    "SELECT set_config('statement_timeout', $1::text, true), "
    "set_config('enable_bitmapscan', 'off', true), set_config('enable_sort', 'off', true), "
    "set_config('max_parallel_workers_per_gather', '0', true)";

constexpr std::string_view kBegin = "BEGIN ISOLATION LEVEL READ COMMITTED";

void IgnoreNotice(void*, const PGresult*) {}

}  // namespace

Connection::Connection(std::string url, std::string schema, std::chrono::milliseconds lock_timeout,
                       std::chrono::milliseconds statement_timeout)
    : url_(std::move(url)),
      schema_(std::move(schema)),
      lock_timeout_(lock_timeout),
      statement_timeout_(statement_timeout),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

Connection::~Connection() {
  close(wake_);
}

void Connection::Abort() {
  aborted_ = true;
  eventfd_write(wake_, 1);
}

LedgerResult<void> Connection::Open() {
  if (aborted_) return tl::unexpected(Lost(OnLoss::kUnavailable));
  if (connection_ && HasDied()) connection_.reset();
  if (connection_) {
    EndTransaction();
    if (connection_) return {};
  }
  auto connected = Connect();
  if (connected) connected = Prepare();
  if (!connected) connection_.reset();
  return connected;
}

LedgerResult<void> Connection::Connect() {
  const auto parameters = ParametersOf(url_);
  if (parameters.empty()) {
    return tl::unexpected(
        LedgerError{.fault = LedgerFault::kUnavailable,
                    .code = "",
                    .message = "ledger.url is not a PostgreSQL URL that libpq understands"});
  }
  std::vector<const char*> names;
  std::vector<const char*> values;
  for (const auto& [name, value] : parameters) {
    if (name == "password") password_ = value;
    names.push_back(name.c_str());
    values.push_back(value.c_str());
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  connection_.reset(PQconnectStartParams(names.data(), values.data(), 0));
  ++generation_;
  names_.clear();
  names_begin_ = "deadletter_" + FormatUuid(RandomUuid()) + "_";
  if (!connection_) return tl::unexpected(Lost(OnLoss::kUnavailable));
  PQsetNoticeReceiver(connection_.get(), IgnoreNotice, nullptr);
  return AwaitConnected(TimeToConnect(parameters));
}

LedgerResult<void> Connection::AwaitConnected(std::chrono::seconds limit) {
  const auto deadline = steady_clock::now() + limit;
  auto state = PGRES_POLLING_WRITING;
  while (state != PGRES_POLLING_OK) {
    if (PQstatus(connection_.get()) == CONNECTION_BAD || state == PGRES_POLLING_FAILED) {
      return tl::unexpected(Lost(OnLoss::kUnavailable));
    }
    if (!AwaitSocket(state == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline)) {
      return tl::unexpected(LedgerError{
          .fault = LedgerFault::kUnavailable,
          .code = "",
          .message = aborted_ ? "stopped while connecting to the ledger"
                              : "no answer from the ledger's server within " +
                                    std::to_string(limit.count()) + " s (connect_timeout)"});
    }
    state = PQconnectPoll(connection_.get());
  }
  PQsetnonblocking(connection_.get(), 1);
  return {};
}

// The session as we need it, whatever the role's and the database's defaults are.
LedgerResult<void> Connection::Prepare() {
  Statement settings{.sql = std::string(sql::kSession), .parameters = {}};
  settings.parameters.Bytes(std::to_string(lock_timeout_.count()) + "ms");
  settings.parameters.Bytes(std::to_string(statement_timeout_.count()) + "ms");
  settings.parameters.Bytes(schema_);
  auto done = SendAll(std::span(&settings, 1), OnLoss::kUnavailable);
  if (done) return {};
  done.error().fault = LedgerFault::kUnavailable;
  return tl::unexpected(done.error());
}

// Something to read while nothing was asked: a parameter's change, or the end of the session.
bool Connection::HasDied() {
  if (PQstatus(connection_.get()) == CONNECTION_BAD) return true;
  for (int reads = 0; reads < 8; ++reads) {
    pollfd socket{.fd = PQsocket(connection_.get()), .events = POLLIN, .revents = 0};
    if (poll(&socket, 1, 0) <= 0) return false;
    if (PQconsumeInput(connection_.get()) == 0) return true;
    if (PQstatus(connection_.get()) == CONNECTION_BAD) return true;
  }
  return false;
}

void Connection::EndTransaction() {
  if (PQtransactionStatus(connection_.get()) == PQTRANS_IDLE) return;
  const Statement rollback{.sql = "ROLLBACK", .parameters = {}};
  const auto done = SendAll(std::span(&rollback, 1), OnLoss::kUnavailable);
  if (!done || !connection_ || PQtransactionStatus(connection_.get()) != PQTRANS_IDLE) {
    connection_.reset();
  }
}

LedgerResult<Rows> Connection::Run(const Statement& statement, std::chrono::seconds limit) {
  if (auto opened = Open(); !opened) return tl::unexpected(opened.error());
  auto results = SendAll(std::span(&statement, 1), OnLoss::kUnavailable, limit);
  if (!results) return tl::unexpected(results.error());
  return std::move(results->front());
}

LedgerResult<Rows> Connection::RunWithin(Statement statement, std::chrono::milliseconds most,
                                         Plan plan) {
  if (auto opened = Open(); !opened) return tl::unexpected(opened.error());
  most = std::min(most, statement_timeout_);
  const std::string_view of_this = plan == Plan::kInOrder ? kTimeoutAndOrderOfThis : kTimeoutOfThis;
  Statement setting{.sql = std::string(of_this), .parameters = {}};
  setting.parameters.Bytes(std::to_string(most.count()) + "ms");
  std::vector<Statement> statements;
  statements.push_back({.sql = std::string(kBegin), .parameters = {}});
  statements.push_back(std::move(setting));
  statements.push_back(std::move(statement));
  statements.push_back({.sql = "COMMIT", .parameters = {}});
  const auto sent = steady_clock::now();
  auto results = SendAll(statements, OnLoss::kUnavailable);
  if (results) return std::move(results->at(2));
  if (results.error().code == kCanceled && steady_clock::now() - sent >= most)
    results.error().fault = LedgerFault::kTooLong;
  if (connection_) EndTransaction();
  return tl::unexpected(results.error());
}

LedgerResult<std::vector<Rows>> Connection::Transact(std::vector<Statement> statements,
                                                     const SendPoints& points) {
  if (auto opened = Open(); !opened) return tl::unexpected(opened.error());
  statements.insert(statements.begin(), Statement{.sql = std::string(kBegin), .parameters = {}});
  auto results = Commit(std::move(statements), points);
  if (results) results->erase(results->begin());
  return results;
}

LedgerResult<void> Connection::Rehearse(std::span<const Statement> statements) {
  if (!connection_) return tl::unexpected(Lost(OnLoss::kUnavailable));
  const auto results = SendAll(statements, OnLoss::kUnavailable);
  const bool is_open = connection_ != nullptr;
  RollBack();
  if (!results) return tl::unexpected(results.error());
  if (is_open && !connection_) return tl::unexpected(Lost(OnLoss::kUnavailable));
  return {};
}

void Connection::RollBack() {
  if (connection_) EndTransaction();
}

LedgerResult<std::vector<Rows>> Connection::Begin(std::vector<Statement> statements,
                                                  const std::function<void()>& meanwhile) {
  if (auto opened = Open(); !opened) return tl::unexpected(opened.error());
  statements.insert(statements.begin(), Statement{.sql = std::string(kBegin), .parameters = {}});
  auto results = SendAll(statements, OnLoss::kUnavailable, kAnswerLimit, {}, meanwhile);
  if (results) {
    results->erase(results->begin());
  } else if (connection_) {
    EndTransaction();
  }
  return results;
}

LedgerResult<Rows> Connection::Continue(const Statement& statement) {
  if (!connection_) return tl::unexpected(Lost(OnLoss::kUnavailable));
  auto results = SendAll(std::span(&statement, 1), OnLoss::kUnavailable);
  if (results) return std::move(results->front());
  if (connection_) EndTransaction();
  return tl::unexpected(results.error());
}

LedgerResult<std::vector<Rows>> Connection::Commit(std::vector<Statement> statements,
                                                   const SendPoints& points) {
  if (!connection_) return tl::unexpected(Lost(OnLoss::kUnavailable));
  statements.push_back(Statement{.sql = "COMMIT", .parameters = {}});
  auto results = SendAll(statements, OnLoss::kInDoubt, kAnswerLimit, points);
  if (results) {
    results->pop_back();
  } else if (connection_) {
    EndTransaction();
  }
  return results;
}

LedgerResult<void> Connection::RunScript(const std::string& sql, std::chrono::seconds limit) {
  if (auto opened = Open(); !opened) return tl::unexpected(opened.error());
  const auto deadline = steady_clock::now() + limit;
  if (PQsendQuery(connection_.get(), sql.c_str()) == 0 || !Flush(deadline)) {
    return tl::unexpected(Lost(OnLoss::kInDoubt));
  }
  LedgerResult<void> outcome;
  while (AwaitResult(deadline)) {
    PGresult* result = PQgetResult(connection_.get());
    if (result == nullptr) {
      EndTransaction();
      return outcome;
    }
    if (PQresultStatus(result) == PGRES_FATAL_ERROR && outcome) {
      outcome = tl::unexpected(ErrorOf(result));
    }
    PQclear(result);
  }
  return tl::unexpected(Lost(OnLoss::kInDoubt));
}

LedgerResult<std::vector<Rows>> Connection::SendAll(std::span<const Statement> statements,
                                                    OnLoss on_loss, std::chrono::seconds limit,
                                                    const SendPoints& points,
                                                    const std::function<void()>& meanwhile) {
  const auto deadline = steady_clock::now() + limit;
  // libpq sends what is long while it is still taking it, so that even a failure to take it all
  // leaves a doubt.
  std::vector<Asked> asked;
  if (!Send(statements, asked) || !Flush(deadline)) return tl::unexpected(Lost(on_loss));
  const auto sent = steady_clock::now();
  fault::Hit(points.sent);
  fault::Hit(points.awaited);
  if (meanwhile) meanwhile();
  auto results = Collect(asked, on_loss, deadline);
  if (connection_) PQexitPipelineMode(connection_.get());
  if (!results && !names_.empty() &&
      (results.error().code == kNoSuchStatement || results.error().code == kOtherColumns)) {
    if (results.error().code == kNoSuchStatement) results.error().fault = LedgerFault::kUnavailable;
    connection_.reset();  // the next one has none to miss
  }
  // The server says the same of a statement that somebody cancelled, which no smaller one mends.
  if (!results && results.error().code == kCanceled &&
      steady_clock::now() - sent >= statement_timeout_) {
    results.error().fault = LedgerFault::kTooLong;
  }
  return results;
}

bool Connection::Send(std::span<const Statement> statements, std::vector<Asked>& asked) {
  if (PQenterPipelineMode(connection_.get()) == 0) return false;
  for (const Statement& statement : statements) {
    if (!SendOne(statement, asked)) return false;
  }
  return PQpipelineSync(connection_.get()) != 0;
}

bool Connection::SendOne(const Statement& statement, std::vector<Asked>& asked) {
  std::vector<const char*> values;
  std::vector<int> lengths;
  std::vector<int> formats;
  for (const auto& value : statement.parameters.values()) {
    values.push_back(value ? value->data() : nullptr);
    lengths.push_back(value ? static_cast<int>(value->size()) : 0);
    formats.push_back(1);
  }
  PGconn* const connection = connection_.get();
  const int count = static_cast<int>(values.size());
  if (!statement.is_kept) {
    asked.emplace_back();
    return PQsendQueryParams(connection, statement.sql.c_str(), count, nullptr, values.data(),
                             lengths.data(), formats.data(), 1) != 0;
  }
  const auto known = names_.find(statement.sql);
  std::string name;
  if (known != names_.end()) {
    name = known->second;
  } else {
    name = names_begin_ + std::to_string(++names_given_);
    asked.push_back({statement.sql, name});
    if (PQsendPrepare(connection, name.c_str(), statement.sql.c_str(), 0, nullptr) == 0)
      return false;
  }
  asked.emplace_back();
  return PQsendQueryPrepared(connection, name.c_str(), count, values.data(), lengths.data(),
                             formats.data(), 1) != 0;
}

bool Connection::Flush(Deadline deadline) {
  while (true) {
    const int left = PQflush(connection_.get());
    if (left == 0) return true;
    // Reading, too: a server whose answers nobody takes stops taking our statements.
    if (left < 0 || !AwaitSocket(POLLIN | POLLOUT, deadline)) return false;
    if (PQconsumeInput(connection_.get()) == 0) return false;
  }
}

LedgerResult<std::vector<Rows>> Connection::Collect(std::span<const Asked> asked, OnLoss on_loss,
                                                    Deadline deadline) {
  std::vector<Rows> results;
  std::size_t answered = 0;  // up to the one that failed
  LedgerResult<void> outcome;
  while (AwaitResult(deadline)) {
    PGresult* result = PQgetResult(connection_.get());
    const bool is_lost = PQstatus(connection_.get()) == CONNECTION_BAD;
    if (result == nullptr) {
      if (is_lost) break;
      continue;  // the end of one statement's results
    }
    Rows rows(result);
    const auto status = PQresultStatus(result);
    if (status == PGRES_PIPELINE_SYNC) {
      if (!outcome) return tl::unexpected(outcome.error());
      return results;
    }
    const bool is_servers_word = PQresultErrorField(result, PG_DIAG_SQLSTATE) != nullptr;
    if (is_lost && !is_servers_word) break;
    if (status == PGRES_FATAL_ERROR && outcome) outcome = tl::unexpected(ErrorOf(result));
    if (!outcome && !is_servers_word) continue;
    // A session that is ended while its COMMIT is flushed answers that, and says in place of the
    // end of it all that it was ended: to nothing that was asked.
    if (answered == asked.size()) break;
    const Asked& to = asked[answered++];
    if (to.parsed.empty()) {
      results.push_back(std::move(rows));
    } else if (outcome) {
      names_.emplace(to.parsed, to.name);
    }
  }
  // The server's own word that a statement before the last, the COMMIT, failed, or that any did
  // where none of them was one: nothing was kept.
  if (!outcome && (answered < asked.size() || on_loss == OnLoss::kUnavailable)) {
    connection_.reset();
    return tl::unexpected(outcome.error());
  }
  return tl::unexpected(Lost(on_loss));
}

bool Connection::AwaitResult(Deadline deadline) {
  while (PQisBusy(connection_.get()) != 0) {
    if (!AwaitSocket(POLLIN, deadline)) return false;
    if (PQconsumeInput(connection_.get()) == 0)
      return PQstatus(connection_.get()) != CONNECTION_BAD;
  }
  return true;
}

bool Connection::AwaitSocket(short events, Deadline deadline) {
  while (!aborted_) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_clock::now()).count();
    timed_out_ = left <= 0;
    if (timed_out_) return false;
    pollfd watched[] = {{.fd = PQsocket(connection_.get()), .events = events, .revents = 0},
                        {.fd = wake_, .events = POLLIN, .revents = 0}};
    if (poll(watched, 2, static_cast<int>(left)) > 0 && watched[0].revents != 0) return !aborted_;
  }
  return false;
}

// Drops the connection: a server that we do not hear must not go on with half of what we said.
LedgerError Connection::Lost(OnLoss on_loss) {
  LedgerError error{
      .fault = on_loss == OnLoss::kInDoubt ? LedgerFault::kInDoubt : LedgerFault::kUnavailable,
      .code = "",
      .message = "the connection to the ledger's server was lost"};
  if (aborted_) {
    error.message = "stopped while waiting for the ledger";
  } else if (timed_out_) {
    error.message = "the ledger's server does not answer";
  } else if (connection_) {
    const std::string why = OneLine(Hidden(PQerrorMessage(connection_.get())));
    if (!why.empty()) error.message = why;
  }
  connection_.reset();
  return error;
}

std::string Connection::Hidden(std::string message) const {
  if (password_.empty()) return message;
  for (auto at = message.find(password_); at != std::string::npos;
       at = message.find(password_, at + 3)) {
    message.replace(at, password_.size(), "***");
  }
  return message;
}

}  // namespace deadletter::postgres
