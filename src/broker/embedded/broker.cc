#include "broker/embedded/broker.h"

#include <sqlite3.h>
#include <unistd.h>

#include <exception>
#include <utility>

#include "base/fault_point.h"
#include "broker/embedded/deaths.h"
#include "broker/embedded/owner_lock.h"
#include "broker/embedded/schema.h"
#include "broker/embedded/sql.h"
#include "broker/embedded/tables.h"

namespace deadletter {

namespace sql = embedded::sql;
using embedded::CommitPoints;
using embedded::kLook;
using embedded::Tables;

namespace {

// Deaths in one transaction: others may write between two of them.
constexpr std::size_t kMaxDueATime = 500;
constexpr Instant kNever = Instant::max();
// A stop waits for the keeper, and there is a next try.
constexpr std::chrono::milliseconds kOpenPatience{500};

constexpr CommitPoints kDeclare{"declare.before", "declare.after"};
constexpr CommitPoints kKeep{"keep.before", "keep.after"};

BrokerError Gone(const std::string& path) {
  return {BrokerFault::kUnreachable,
          path +
              " was moved or deleted while it was in use: bring it back (with its -wal file), "
              "or start again to begin with empty queues"};
}

}  // namespace

BrokerResult<std::shared_ptr<EmbeddedBroker>> EmbeddedBroker::Open(
    const std::string& path, const Clock& clock, const EmbeddedBrokerOptions& options) {
  std::shared_ptr<EmbeddedBroker> broker(new EmbeddedBroker(path, clock, options));
  if (auto opened = broker->OpenFile(options.busy_timeout); !opened)
    return Unexpected<BrokerError>(opened.error());
  if (auto kept = broker->KeepOnce(); !kept) return Unexpected<BrokerError>(kept.error());
  broker->StartKeeper({});
  return broker;
}

std::shared_ptr<EmbeddedBroker> EmbeddedBroker::OpenWhenPossible(
    const std::string& path, const Clock& clock, const EmbeddedBrokerOptions& options) {
  std::shared_ptr<EmbeddedBroker> broker(new EmbeddedBroker(path, clock, options));
  broker->StartKeeper(broker->KeepOnce());
  return broker;
}

EmbeddedBroker::EmbeddedBroker(std::string path, const Clock& clock,
                               const EmbeddedBrokerOptions& options)
    : path_(std::move(path)), clock_(clock), options_(options) {}

void EmbeddedBroker::StartKeeper(BrokerResult<void> health) {
  keeper_health_ = std::move(health);
  keeper_ = std::jthread([this](const std::stop_token& stop) { Keep(stop); });
}

EmbeddedBroker::~EmbeddedBroker() {
  keeper_ = {};
  // Where this fails, the next to look finds our lock free and does it.
  static_cast<void>(
      Write(kKeep, [&](Tables& tables) { embedded::ReturnAllOf(tables, owner_, std::nullopt); }));
}

// The others' calls do not wait for it: they fail with what the last try has found.
BrokerResult<void> EmbeddedBroker::OpenFile(std::chrono::milliseconds patience) {
  const auto away = [&](BrokerError error) {
    const std::lock_guard lock(database_mutex_);
    away_ = error;
    return Unexpected<BrokerError>(std::move(error));
  };
  if (opening_ > 0 && access(path_.c_str(), F_OK) != 0) return away(Gone(path_));
  auto database = embedded::OpenQueueFile(path_, patience, opening_ == 0);
  if (!database) return away(database.error());
  sqlite3_busy_timeout((*database)->handle(), static_cast<int>(options_.busy_timeout.count()));
  const std::lock_guard guard(database_mutex_);
  std::unique_ptr<embedded::OwnerLock> lock;
  const auto registered = Register(**database, lock);
  if (!registered) {
    away_ = registered.error();
    return Unexpected<BrokerError>(registered.error());
  }
  owner_ = *registered;
  ++opening_;
  lock_ = std::move(lock);
  database_ = std::move(*database);
  data_version_ = 0;
  return {};
}

BrokerResult<std::int64_t> EmbeddedBroker::Register(sqlite::Database& database,
                                                    std::unique_ptr<embedded::OwnerLock>& lock) {
  Result<std::unique_ptr<embedded::OwnerLock>> taken;
  std::int64_t owner = 0;
  auto written = WriteInto(database, kDeclare, [&](Tables& tables) {
    const bool owners_before = tables.Prepare(sql::kOwners).Next();
    tables.Run(sql::kInsertOwner, tables.now());
    owner = database.last_insert_id();
    // Before the commit: nobody sees the owner without its lock.
    taken = embedded::TakePlace(path_, owner, owners_before);
  });
  if (!written) return Unexpected<BrokerError>(written.error());
  if (!taken) return Unexpected<BrokerError>({BrokerFault::kRefused, taken.error().message});
  lock = std::move(*taken);
  return owner;
}

// The owners file may have been removed, or replaced by whoever came then: we make ourselves known
// in the one that is there now.
BrokerResult<void> EmbeddedBroker::StayKnown() {
  {
    const std::lock_guard lock(database_mutex_);
    if (!lock_ || lock_->IsCurrent()) return {};
  }
  bool was_lost = true;
  Result<std::unique_ptr<embedded::OwnerLock>> taken;
  auto written = Write(kKeep, [&](Tables& tables) {
    auto owners = tables.Prepare(sql::kOwners);
    while (owners.Next()) was_lost = was_lost && owners.Int64(0) != owner_;
    taken = embedded::TakePlace(path_, owner_, true);
    if (taken) lock_ = std::move(*taken);
  });
  if (!written) return written;
  if (!taken) return Unexpected<BrokerError>({BrokerFault::kRefused, taken.error().message});
  if (!was_lost) return {};
  // Too late: what we held is somebody else's by now. We come again, as another owner.
  {
    const std::lock_guard lock(database_mutex_);
    database_.reset();
    away_ = {BrokerFault::kUnreachable, path_ + ": we were taken for lost"};
  }
  return OpenFile(kOpenPatience);
}

BrokerResult<void> EmbeddedBroker::Write(const CommitPoints& points,
                                         const std::function<void(Tables&)>& work) {
  const std::lock_guard lock(database_mutex_);
  if (!database_) return Unexpected<BrokerError>(away_);
  if (auto checked = CheckFile(); !checked) return checked;
  auto written = WriteInto(*database_, points, work);
  // Once more: what was committed into a file that was gone by then exists nowhere.
  if (auto checked = CheckFile(); !checked) return checked;
  return written;
}

BrokerResult<void> EmbeddedBroker::CheckFile() {
  int moved = 0;
  sqlite3_file_control(database_->handle(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  if (moved == 0) return {};
  database_.reset();
  lock_.reset();
  away_ = Gone(path_);
  Notify();  // whoever waits for a message hears of it
  return Unexpected<BrokerError>(away_);
}

BrokerResult<void> EmbeddedBroker::WriteInto(sqlite::Database& database, const CommitPoints& points,
                                             const std::function<void(Tables&)>& work) try {
  auto transaction = sqlite::Transaction::Begin(database);
  if (!transaction) return Unexpected<BrokerError>(embedded::ToBrokerError(transaction.error()));
  Tables tables(database, *transaction, clock_.Now());
  work(tables);
  embedded::BuryOverflow(tables, tables.now());
  fault::Hit(points.before);
  if (auto committed = transaction->Commit(); !committed) {
    return Unexpected<BrokerError>(embedded::ToBrokerError(committed.error()));
  }
  fault::Hit(points.after);
  if (tables.due()) NoteDue(*tables.due());
  if (tables.something_ready()) Notify();
  return {};
} catch (const std::exception& error) {  // out of memory; the transaction is rolled back
  return Unexpected<BrokerError>({BrokerFault::kUnreachable, error.what()});
}

BrokerResult<void> EmbeddedBroker::Declare(const std::function<void(Tables&, std::string&)>& work) {
  std::string refused;
  auto written = Write(kDeclare, [&](Tables& tables) {
    work(tables, refused);
    if (!refused.empty()) return;
    tables.Run(sql::kLetHeldDieAgain);
    if (tables.changes() > 0) tables.NoteDue(tables.now());
  });
  if (written && !refused.empty()) return Unexpected<BrokerError>({BrokerFault::kRefused, refused});
  return written;
}

BrokerResult<void> EmbeddedBroker::DeclareExchange(const std::string& name, ExchangeType type) {
  return Declare([&](Tables& tables, std::string& refused) {
    if (name.empty() || name.size() > kMaxNameBytes) {
      refused = "an exchange's name has 1 to 255 bytes";
    } else if (const auto found = tables.FindExchange(name); !found) {
      tables.Run(sql::kInsertExchange, name, ExchangeTypeName(type));
    } else if (found->type != type) {
      refused =
          "exchange " + name + " exists with type " + std::string(ExchangeTypeName(found->type));
    }
  });
}

BrokerResult<void> EmbeddedBroker::DeclareQueue(const QueueSpec& spec) {
  return Declare([&](Tables& tables, std::string& refused) {
    refused = WhatIsWrongWith(spec);
    if (!refused.empty()) return;
    if (const auto found = tables.FindQueue(spec.name)) {
      refused = Difference(found->spec, spec);
      return;
    }
    const auto ttl =
        spec.message_ttl ? std::optional(Microseconds(*spec.message_ttl).count()) : std::nullopt;
    tables.Run(sql::kInsertQueue, spec.name, ttl, spec.dead_letter_exchange,
               spec.dead_letter_routing_key, spec.max_length, spec.delivery_limit);
  });
}

BrokerResult<void> EmbeddedBroker::Bind(const std::string& exchange, const std::string& queue,
                                        const std::string& routing_key) {
  return Declare([&](Tables& tables, std::string& refused) {
    const auto found = tables.FindQueue(queue);
    if (!found) {
      refused = "no queue " + queue;
    } else if (!tables.FindExchange(exchange)) {
      refused =
          exchange.empty() ? "the default exchange takes no bindings" : "no exchange " + exchange;
    } else {
      tables.Run(sql::kInsertBinding, exchange, routing_key, found->id);
    }
  });
}

BrokerResult<void> EmbeddedBroker::SetAlternateExchange(const std::string& exchange,
                                                        const std::string& alternate) {
  return Declare([&](Tables& tables, std::string& refused) {
    tables.Run(sql::kSetAlternate, exchange, alternate);
    if (tables.changes() == 0) refused = "no exchange " + exchange;
  });
}

BrokerResult<bool> EmbeddedBroker::DeleteQueue(const std::string& name) {
  bool deleted = false;
  auto written = Write(kDeclare, [&](Tables& tables) {
    const auto queue = tables.FindQueue(name);
    if (!queue) return;
    tables.Run(sql::kDeleteQueueBodies, queue->id);
    tables.Run(sql::kDeleteQueueMessages, queue->id);
    tables.Run(sql::kDeleteQueue, queue->id);
    tables.NoteChange();
    deleted = true;
  });
  if (!written) return Unexpected<BrokerError>(written.error());
  return deleted;
}

BrokerResult<QueueCounts> EmbeddedBroker::Count(const std::string& queue) {
  std::optional<QueueCounts> counts;
  auto read = Write(kLook, [&](Tables& tables) {
    const auto found = tables.FindQueue(queue);
    if (!found) return;
    counts.emplace();
    auto statement = tables.Prepare(sql::kCountStates);
    statement.Bind(found->id);
    while (statement.Next()) {
      const auto count = static_cast<std::size_t>(statement.Int64(1));
      const auto state = statement.Int64(0);
      (state == 0 ? counts->ready : state == 1 ? counts->unacknowledged : counts->held) += count;
    }
  });
  if (!read) return Unexpected<BrokerError>(read.error());
  if (!counts) return Unexpected<BrokerError>({BrokerFault::kQueueMissing, "no queue " + queue});
  return *counts;
}

std::uint64_t EmbeddedBroker::changes() const {
  const std::lock_guard lock(signal_mutex_);
  return changes_;
}

bool EmbeddedBroker::WaitForChange(std::uint64_t seen,
                                   std::chrono::steady_clock::time_point deadline,
                                   const std::atomic<bool>& woken) {
  std::unique_lock lock(signal_mutex_);
  return changed_.wait_until(lock, deadline, [&] { return changes_ != seen || woken; });
}

void EmbeddedBroker::Notify() {
  const std::lock_guard lock(signal_mutex_);
  ++changes_;
  changed_.notify_all();
}

void EmbeddedBroker::ReturnAll(std::int64_t token) {
  {
    const std::lock_guard lock(signal_mutex_);
    abandoned_.insert(token);
  }
  static_cast<void>(ReturnAbandoned());  // else the keeper does it
}

void EmbeddedBroker::NoteDue(Instant at) {
  const std::lock_guard lock(signal_mutex_);
  if (at >= next_due_) return;
  next_due_ = at;
  keeper_wanted_.notify_one();
}

BrokerResult<void> EmbeddedBroker::KeeperHealth() const {
  const std::lock_guard lock(signal_mutex_);
  return keeper_health_;
}

BrokerResult<void> EmbeddedBroker::HandleDue() {
  auto all = HandleDueBatch();
  while (all && !*all) all = HandleDueBatch();
  if (!all) return Unexpected<BrokerError>(all.error());
  return {};
}

void EmbeddedBroker::Keep(const std::stop_token& stop) {
  std::unique_lock lock(signal_mutex_);
  while (!stop.stop_requested()) {
    const auto due = next_due_;
    const auto until_due =
        std::chrono::ceil<std::chrono::milliseconds>(due - std::min(clock_.Now(), due));
    // After a failed round no sooner than the next look: the file is away, and trying harder does
    // not bring it back.
    const auto nap =
        keeper_health_ ? std::min(options_.look_interval, until_due) : options_.look_interval;
    keeper_wanted_.wait_for(lock, stop, nap, [&] { return next_due_ < due && keeper_health_; });
    if (stop.stop_requested()) return;
    lock.unlock();
    auto health = KeepOnce();
    lock.lock();
    keeper_health_ = std::move(health);
  }
}

BrokerResult<void> EmbeddedBroker::KeepOnce() {
  if (auto looked = LookAtOthersChanges(); !looked) return looked;
  if (auto done = StayKnown(); !done) return done;
  if (auto done = ReturnAbandoned(); !done) return done;
  if (auto done = ReturnFromTheLost(); !done) return done;
  if (!SomethingIsDue()) return {};
  // One batch: where there are more, the time of the next due is still past and the next round
  // comes at once.
  if (auto done = HandleDueBatch(); !done) return Unexpected<BrokerError>(done.error());
  return {};
}

BrokerResult<void> EmbeddedBroker::LookAtOthersChanges() {
  bool is_open = false;
  {
    const std::lock_guard lock(database_mutex_);
    if (database_) {
      if (auto checked = CheckFile(); !checked) return checked;
      const auto version = database_->DataVersion();
      // Not even readable: look as if it had changed, and let whoever looks see the error.
      if (version && *version == data_version_) return {};
      if (version) data_version_ = *version;
      is_open = true;
    }
  }
  if (!is_open) {
    if (auto opened = OpenFile(kOpenPatience); !opened) return opened;
  }
  const std::lock_guard lock(signal_mutex_);
  next_due_ = Instant::min();  // somebody else's message may be the first to expire
  ++changes_;
  changed_.notify_all();
  return {};
}

bool EmbeddedBroker::SomethingIsDue() {
  const std::lock_guard lock(signal_mutex_);
  return next_due_ <= clock_.Now();
}

BrokerResult<bool> EmbeddedBroker::HandleDueBatch() {
  std::size_t handled = 0;
  auto written =
      Write(kKeep, [&](Tables& tables) { handled = embedded::HandleDue(tables, kMaxDueATime); });
  if (written && handled < kMaxDueATime) written = NoteNextDue();
  if (!written) return Unexpected<BrokerError>(written.error());
  return handled < kMaxDueATime;
}

BrokerResult<void> EmbeddedBroker::NoteNextDue() {
  // Forgotten before it is read: a message that comes in between notes itself.
  {
    const std::lock_guard lock(signal_mutex_);
    next_due_ = kNever;
  }
  auto read = Write(kLook, [&](Tables& tables) {
    auto statement = tables.Prepare(sql::kNextDue);
    if (!statement.Next() || statement.IsNull(0)) return;
    tables.NoteDue(statement.Time(0));
  });
  if (!read) NoteDue(Instant::min());
  return read;
}

BrokerResult<void> EmbeddedBroker::ReturnAbandoned() {
  std::set<std::int64_t> tokens;
  {
    const std::lock_guard lock(signal_mutex_);
    tokens = abandoned_;
  }
  for (const auto token : tokens) {
    auto written =
        Write(kKeep, [&](Tables& tables) { embedded::ReturnAllOf(tables, owner_, token); });
    if (!written) return written;
    const std::lock_guard lock(signal_mutex_);
    abandoned_.erase(token);
  }
  return {};
}

BrokerResult<void> EmbeddedBroker::ReturnFromTheLost() {
  for (const auto owner : LostOwners()) {
    auto written =
        Write(kKeep, [&](Tables& tables) { embedded::ReturnAllOf(tables, owner, std::nullopt); });
    if (!written) return written;
  }
  return {};
}

std::vector<std::int64_t> EmbeddedBroker::LostOwners() {
  std::vector<std::int64_t> lost;
  const std::lock_guard lock(database_mutex_);
  if (!database_) return lost;
  auto owners = database_->Prepare(sql::kOwners);
  while (owners.Next()) {
    const auto owner = owners.Int64(0);
    if (owner != owner_ && !lock_->IsHeldElsewhere(owner)) lost.push_back(owner);
  }
  if (!lost.empty() && !lock_->KnowsTheLiving()) lost.clear();
  return lost;
}

}  // namespace deadletter
