// The queue file's rows, read and written inside one open transaction.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "broker/embedded/topology_specs.h"
#include "letter/message.h"
#include "sqlite/database.h"

namespace deadletter::embedded {

using QueueId = std::int64_t;
using MessageId = std::int64_t;

struct QueueRow {
  QueueId id = 0;
  QueueSpec spec;
};

struct ExchangeRow {
  ExchangeType type = ExchangeType::kDirect;
  std::optional<std::string> alternate;
};

struct MessageRow {
  MessageId id = 0;
  QueueId queue = 0;
  Address came_by;
  std::string properties;  // JSON, as PropertiesToJson writes it
  std::string headers;     // JSON, as FieldTableToJson writes it
  std::int64_t body = 0;
};

// Errors are not told here: a failed statement reads as "no row", and the transaction then refuses
// to commit (sqlite/database.h). One object a transaction, used by one thread; it notes what the
// transaction did to the queues.
class Tables {
 public:
  Tables(sqlite::Database& database, const sqlite::Transaction& transaction, Instant now)
      : database_(database), transaction_(transaction), now_(now) {}
  Tables(const Tables&) = delete;
  Tables& operator=(const Tables&) = delete;

  [[nodiscard]] Instant now() const { return now_; }
  // Nothing more will come of this transaction: loops that count on their own writes end.
  [[nodiscard]] bool failed() const { return transaction_.error().has_value(); }
  [[nodiscard]] sqlite::Statement Prepare(std::string_view sql) { return database_.Prepare(sql); }
  template <class... Values>
  void Run(std::string_view sql, const Values&... values) {
    static_cast<void>(Prepare(sql).Bind(values...).Run());  // the commit tells
  }
  [[nodiscard]] std::int64_t changes() const { return database_.changes(); }

  [[nodiscard]] std::optional<QueueRow> FindQueue(const std::string& name);
  [[nodiscard]] std::optional<QueueRow> GetQueue(QueueId id);
  [[nodiscard]] std::optional<ExchangeRow> FindExchange(const std::string& name);

  [[nodiscard]] std::int64_t InsertBody(std::string_view bytes);
  [[nodiscard]] std::int64_t CopyBody(std::int64_t body);
  // A ready message at the end of `queue`; it expires by the queue's TTL or its own, whichever is
  // shorter. The body is then the message's.
  void InsertMessage(const QueueRow& queue, const Address& came_by, const std::string& properties,
                     const std::string& headers, std::int64_t body, Instant arrived,
                     std::optional<std::chrono::milliseconds> own_ttl);
  [[nodiscard]] std::optional<MessageRow> GetMessage(MessageId id);
  void DeleteMessage(MessageId id);  // not its body

  // What the rest of the broker must be told after the commit.
  void NoteDue(Instant at) { due_ = due_ ? std::min(*due_, at) : at; }
  void NoteReady(const QueueRow& queue);
  void NoteChange() { something_ready_ = true; }  // of queues themselves: whoever waits looks again
  [[nodiscard]] std::optional<Instant> due() const { return due_; }
  [[nodiscard]] bool something_ready() const { return something_ready_; }
  // Queues of limited length that got messages; each is given once.
  [[nodiscard]] std::optional<QueueId> TakeGrownQueue();

 private:
  std::optional<QueueRow> ReadQueue(sqlite::Statement& statement);

  sqlite::Database& database_;
  const sqlite::Transaction& transaction_;
  Instant now_;
  std::map<QueueId, QueueRow> queues_;
  std::map<std::string, QueueId> queue_names_;
  std::optional<Instant> due_;
  bool something_ready_ = false;
  std::set<QueueId> grown_;
};

}  // namespace deadletter::embedded
