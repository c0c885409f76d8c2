#include "operations/operations.h"

#include "operations/audit_log.h"
#include "operations/discards.h"
#include "operations/explain.h"
#include "operations/groups.h"
#include "operations/letter_json.h"
#include "operations/list_letters.h"
#include "operations/patience.h"
#include "operations/remarks.h"
#include "operations/replays.h"
#include "operations/show_letter.h"
#include "operations/text_index_state.h"

namespace deadletter {

// A reader of ours while it lives; none where nothing may be asked any more.
class Operations::Lease {
 public:
  explicit Lease(Operations& operations) : operations_(operations) {
    std::unique_lock lock(operations_.mutex_);
    operations_.returned_.wait(
        lock, [this] { return operations_.closed_ || !operations_.idle_.empty(); });
    if (operations_.closed_) return;
    readers_ = operations_.idle_.back();
    operations_.idle_.pop_back();
  }
  ~Lease() {
    if (readers_ == nullptr) return;
    {
      const std::scoped_lock lock(operations_.mutex_);
      operations_.idle_.push_back(readers_);
    }
    operations_.returned_.notify_all();
  }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  [[nodiscard]] bool IsClosed() const { return readers_ == nullptr; }
  [[nodiscard]] Catalog& catalog() const { return *readers_->catalog; }
  [[nodiscard]] Executions* executions() const { return readers_->executions.get(); }
  [[nodiscard]] Audit* audit() const { return readers_->audit.get(); }
  [[nodiscard]] Remarks* remarks() const { return readers_->remarks.get(); }
  [[nodiscard]] Discards* discards() const { return readers_->discards.get(); }
  [[nodiscard]] ReplayBook* replays() const { return readers_->replays.get(); }
  [[nodiscard]] GroupBook* groups() const { return readers_->groups.get(); }

 private:
  Operations& operations_;
  LedgerReaders* readers_ = nullptr;
};

// Ours while it lives, where there are words to search for. An export that is under way waits
// beside another one, for nobody likes to begin it anew.
class Operations::SearchTurn {
 public:
  SearchTurn(Operations& operations, const LetterFilter& filter, bool is_under_way = false)
      : operations_(operations) {
    if (!filter.text) return;
    std::unique_lock lock(operations_.mutex_);
    const auto is_free = [this] { return operations_.closed_ || !operations_.is_searching_; };
    is_refused_ = !is_free() && operations_.searches_waiting_ > 0 && !is_under_way;
    if (is_refused_) return;
    ++operations_.searches_waiting_;
    is_refused_ =
        !operations_.returned_.wait_for(lock, operations_.options_.search_patience, is_free);
    --operations_.searches_waiting_;
    is_ours_ = !is_refused_ && !operations_.closed_;
    if (is_ours_) operations_.is_searching_ = true;
  }
  ~SearchTurn() {
    if (!is_ours_) return;
    {
      const std::scoped_lock lock(operations_.mutex_);
      operations_.is_searching_ = false;
    }
    operations_.returned_.notify_all();
  }
  SearchTurn(const SearchTurn&) = delete;
  SearchTurn& operator=(const SearchTurn&) = delete;

  [[nodiscard]] bool IsRefused() const { return is_refused_; }

 private:
  Operations& operations_;
  bool is_ours_ = false;
  bool is_refused_ = false;
};

namespace {

Unexpected<OperationError> OthersSearch() {
  return FailOperation(OperationFault::kUnavailable,
                       "others search by q on this server, one at a time: ask again in a moment");
}

Unexpected<OperationError> NoLedger() {
  return FailOperation(OperationFault::kFailed, "this server has no ledger to write to");
}

// Hides nothing.
const Redaction kNoRedaction;

}  // namespace

Operations::Operations(std::vector<LedgerReaders> readers, OperationsOptions options)
    : options_(std::move(options)), readers_(std::move(readers)) {
  for (LedgerReaders& each : readers_) idle_.push_back(&each);
}

OperationResult<Looking> ParseLooking(std::span<const Parameter> parameters, const Caller& caller) {
  Looking looking{.caller = caller, .reveal = false};
  if (parameters.empty()) return looking;
  if (parameters.size() > 1 || parameters.front().name != "reveal") {
    return FailOperation(OperationFault::kBadRequest,
                         "one letter takes no parameter but reveal, once");
  }
  const std::string& value = parameters.front().value;
  if (value != "true" && value != "false")
    return FailOperation(OperationFault::kBadRequest, "reveal must be true or false");
  looking.reveal = value == "true";
  if (looking.reveal && !Includes(caller.role, Role::kAdmin)) {
    return FailOperation(OperationFault::kForbidden,
                         "to reveal what is redacted needs the role admin, and '" + caller.name +
                             "' is " + std::string(RoleName(caller.role)));
  }
  return looking;
}

OperationResult<std::string> Operations::ListLetters(std::span<const Parameter> parameters,
                                                     const Caller& caller) {
  const auto request = ParseListRequest(parameters, caller, options_.redaction);
  if (!request) return Unexpected<OperationError>(request.error());
  const SearchTurn turn(*this, request->filter);
  if (turn.IsRefused()) return OthersSearch();
  const Lease lease(*this);
  if (lease.IsClosed()) return Stopping();
  return deadletter::ListLetters(lease.catalog(), *request, options_.redaction);
}

// Committed before anything is shown: if we die in between, somebody is said to have seen what he
// has not, and never the other way round.
OperationResult<const Redaction*> Operations::Reveal(const Lease& lease, LetterId letter,
                                                     std::string_view what,
                                                     const Looking& looking) const {
  if (!looking.reveal || options_.redaction.HidesNothing()) return &options_.redaction;
  if (lease.audit() == nullptr) return NoLedger();
  const AuditEntry entry =
      MakeAuditEntry(looking.caller, AuditedAct::kReveal, FormatUuid(letter.value()),
                     std::string(what), options_.clock->Now());
  const auto recorded = Patiently([&] { return lease.audit()->Record(entry); });
  if (!recorded) {
    OperationError error = FromChange(recorded.error());
    error.message = "nothing is revealed that the audit does not have: " + error.message;
    return Unexpected<OperationError>(std::move(error));
  }
  return &kNoRedaction;
}

OperationResult<std::string> Operations::ShowLetter(std::string_view id, const Looking& looking) {
  const Lease lease(*this);
  if (lease.IsClosed()) return Stopping();
  const auto record = FindLetter(lease.catalog(), id);
  if (!record) return Unexpected<OperationError>(record.error());
  const auto execution = FindExecution(lease.executions(), options_.id_type, record->summary);
  const auto redaction = Reveal(lease, record->summary.id, "letter", looking);
  if (!redaction) return Unexpected<OperationError>(redaction.error());
  return RecordJson(*record, execution, BodyUrl(options_.base_path, record->summary.id),
                    **redaction);
}

OperationResult<std::string> Operations::LetterBody(std::string_view id, const Looking& looking) {
  const Lease lease(*this);
  if (lease.IsClosed()) return Stopping();
  auto record = FindLetter(lease.catalog(), id);
  if (!record) return Unexpected<OperationError>(record.error());
  const auto redaction = Reveal(lease, record->summary.id, "body", looking);
  if (!redaction) return Unexpected<OperationError>(redaction.error());
  if ((*redaction)->HidesNothing()) return std::move(record->message.body);
  auto masked = (*redaction)->Mask(record->message.body);
  if (!masked) {
    return FailOperation(OperationFault::kForbidden,
                         "this body cannot be read as JSON, so that nobody can "
                         "tell what in it is "
                         "redacted; an admin may ask with ?reveal=true");
  }
  // Where nothing was hidden the bytes are shown as they came, space and all.
  return masked->hides ? std::move(masked->body) : std::move(record->message.body);
}

OperationResult<std::string> Operations::ExplainExecution(std::string_view id,
                                                          std::span<const Parameter> parameters,
                                                          const Caller& caller) {
  if (!parameters.empty())
    return FailOperation(OperationFault::kBadRequest, "explain takes no parameters");
  if (options_.redaction.HidesFilter("execution_id") && !Includes(caller.role, Role::kAdmin)) {
    return FailOperation(OperationFault::kForbidden,
                         "execution_id is redacted: only an admin may look for it");
  }
  const Lease lease(*this);
  if (lease.IsClosed()) return Stopping();
  const auto explained = FindExplained(lease.catalog(), lease.executions(), options_.id_type, id);
  if (!explained) return Unexpected<OperationError>(explained.error());
  return ExplainedJson(*explained, options_.redaction);
}

OperationResult<ExportPart> Operations::ExportSome(const LetterFilter& filter,
                                                   std::optional<LetterId> after) {
  const SearchTurn turn(*this, filter, after.has_value());
  if (turn.IsRefused()) return OthersSearch();
  const Lease lease(*this);
  if (lease.IsClosed()) return Stopping();
  return MakeExportPart({.catalog = lease.catalog(),
                         .executions = lease.executions(),
                         .id_type = options_.id_type,
                         .base_path = options_.base_path,
                         .redaction = options_.redaction},
                        filter, after);
}

OperationResult<Operations::Exported> Operations::ExportLetters(
    std::span<const Parameter> parameters, const Caller& caller) {
  const auto filter = ParseExportRequest(parameters, caller, options_.redaction);
  if (!filter) return Unexpected<OperationError>(filter.error());
  auto first = ExportSome(*filter, std::nullopt);
  if (!first) return Unexpected<OperationError>(first.error());
  Exported exported{.lines = std::move(first->lines), .more = nullptr};
  if (!first->next) return exported;
  exported.more = [this, filter = *filter,
                   next = first->next]() mutable -> OperationResult<std::optional<std::string>> {
    // A part may be empty where all of its letters have gone meanwhile.
    while (next) {
      auto part = ExportSome(filter, next);
      if (!part) return Unexpected<OperationError>(part.error());
      next = part->next;
      if (!part->lines.empty()) return std::optional(std::move(part->lines));
    }
    return std::nullopt;
  };
  return exported;
}

OperationResult<std::string> Operations::AddNote(std::string_view id, std::string_view json,
                                                 const Caller& caller) {
  const Lease lease(*this);
  if (lease.IsClosed()) return Stopping();
  if (lease.remarks() == nullptr) return NoLedger();
  return deadletter::AddNote(*lease.remarks(), id, json, caller, options_.clock->Now());
}

OperationResult<std::string> Operations::ChangeTags(std::string_view id, std::string_view json,
                                                    const Caller& caller) {
  const Lease lease(*this);
  if (lease.IsClosed()) return Stopping();
  if (lease.remarks() == nullptr) return NoLedger();
  return deadletter::ChangeTags(*lease.remarks(), id, json, caller, options_.clock->Now());
}

OperationResult<std::string> Operations::DiscardLetters(std::string_view json,
                                                        const Caller& caller) {
  const auto request = ParseDiscardRequest(json, caller, options_.redaction);
  if (!request) return Unexpected<OperationError>(request.error());
  const SearchTurn turn(*this, request->selection.selection.filter);
  if (turn.IsRefused()) return OthersSearch();
  const Lease lease(*this);
  if (lease.IsClosed()) return Stopping();
  if (lease.discards() == nullptr) return NoLedger();
  return deadletter::DiscardLetters(*lease.discards(), lease.catalog(), *request, caller,
                                    options_.redaction, options_.clock->Now());
}

OperationResult<std::string> Operations::ListAudit(std::span<const Parameter> parameters) {
  const auto request = ParseAuditRequest(parameters);
  if (!request) return Unexpected<OperationError>(request.error());
  const Lease lease(*this);
  if (lease.IsClosed()) return Stopping();
  if (lease.audit() == nullptr) return NoLedger();
  return deadletter::ListAudit(*lease.audit(), *request);
}

OperationResult<Operations::ReplayAnswer> Operations::MakeReplay(std::string_view request_json,
                                                                 const Caller& caller) {
  const auto request = ParseReplayRequest(request_json, caller, options_.redaction);
  if (!request) return Unexpected<OperationError>(request.error());
  const SearchTurn turn(*this, request->selection.filter);
  if (turn.IsRefused()) return OthersSearch();
  const Lease lease(*this);
  if (lease.IsClosed()) return Stopping();
  if (lease.replays() == nullptr) return NothingIsReplayed();
  const auto unindexed = CountUnindexed(lease.catalog(), request->selection.filter);
  if (!unindexed) return Unexpected<OperationError>(unindexed.error());
  if (request->dry_run) {
    auto preview = PreviewReplay(*lease.replays(), lease.catalog(), *request, options_.format,
                                 options_.redaction, *unindexed);
    if (!preview) return Unexpected<OperationError>(preview.error());
    return ReplayAnswer{.made = false, .url = "", .json = std::move(*preview)};
  }
  const auto made = deadletter::MakeReplay(*lease.replays(), *request, caller, options_.redaction,
                                           options_.clock->Now());
  if (!made) return Unexpected<OperationError>(made.error());
  if (options_.replays_changed) options_.replays_changed();
  if (options_.replayed) options_.replayed(ReplayEnd::kTaken, made->taken);
  auto shown = ShowMadeReplay(*lease.replays(), made->id, options_.redaction, *unindexed);
  if (!shown) return Unexpected<OperationError>(shown.error());
  return ReplayAnswer{
      .made = true, .url = ReplayUrl(options_.base_path, made->id), .json = std::move(*shown)};
}

OperationResult<std::string> Operations::ListReplays(std::span<const Parameter> parameters) {
  const auto page = ParseReplayPage(parameters, {});
  if (!page) return Unexpected<OperationError>(page.error());
  const Lease lease(*this);
  if (lease.IsClosed()) return Stopping();
  if (lease.replays() == nullptr) return NothingIsReplayed();
  return deadletter::ListReplays(*lease.replays(), *page, options_.redaction);
}

OperationResult<std::string> Operations::ShowReplay(std::string_view id) {
  const Lease lease(*this);
  if (lease.IsClosed()) return Stopping();
  if (lease.replays() == nullptr) return NothingIsReplayed();
  return deadletter::ShowReplay(*lease.replays(), id, options_.redaction);
}

OperationResult<std::string> Operations::ListReplayedLetters(
    std::string_view id, std::span<const Parameter> parameters) {
  const auto page = ParseReplayPage(parameters, id);
  if (!page) return Unexpected<OperationError>(page.error());
  const Lease lease(*this);
  if (lease.IsClosed()) return Stopping();
  if (lease.replays() == nullptr) return NothingIsReplayed();
  return deadletter::ListReplayedLetters(*lease.replays(), id, *page, options_.redaction);
}

OperationResult<std::vector<ReplayStanding>> Operations::ReplaysAsTheyStand(
    const std::set<std::string>& known) {
  const Lease lease(*this);
  if (lease.IsClosed()) return Stopping();
  if (lease.replays() == nullptr) return std::vector<ReplayStanding>();
  return StandingReplays(*lease.replays(), known, options_.clock->Now());
}

OperationResult<std::string> Operations::SteerReplay(std::string_view id, ReplayCommand command,
                                                     const Caller& caller) {
  const Lease lease(*this);
  if (lease.IsClosed()) return Stopping();
  if (lease.replays() == nullptr) return NothingIsReplayed();
  const auto steered =
      deadletter::SteerReplay(*lease.replays(), id, command, caller, options_.clock->Now());
  // Also where the answer was lost.
  if (options_.replays_changed) options_.replays_changed();
  if (!steered) return Unexpected<OperationError>(steered.error());
  if (options_.replayed) options_.replayed(ReplayEnd::kWithdrawn, steered->withdrawn);
  return deadletter::ShowReplay(*lease.replays(), id, options_.redaction);
}

OperationResult<std::string> Operations::ListGroups(std::span<const Parameter> parameters,
                                                    const Caller& caller) {
  const auto request = ParseGroupsRequest(parameters, caller, options_.redaction);
  if (!request) return Unexpected<OperationError>(request.error());
  const Lease lease(*this);
  if (lease.IsClosed()) return Stopping();
  if (lease.groups() == nullptr) return NoLedger();
  return deadletter::ListGroups(*lease.groups(), *request, options_.redaction,
                                options_.clock->Now());
}

OperationResult<std::string> Operations::MuteGroup(std::string_view id, std::string_view json,
                                                   const Caller& caller) {
  const Lease lease(*this);
  if (lease.IsClosed()) return Stopping();
  if (lease.groups() == nullptr) return NoLedger();
  return deadletter::MuteGroup(*lease.groups(), id, json, caller, options_.clock->Now());
}

OperationResult<std::string> Operations::ShowStatistics(std::span<const Parameter> parameters) {
  const auto request = ParseStatisticsRequest(parameters, options_.clock->Now());
  if (!request) return Unexpected<OperationError>(request.error());
  const Lease lease(*this);
  if (lease.IsClosed()) return Stopping();
  if (lease.groups() == nullptr) return NoLedger();
  return deadletter::ShowStatistics(*lease.groups(), *request,
                                    options_.depths ? options_.depths() : QueueDepths());
}

void Operations::Close(std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  closed_ = true;
  returned_.notify_all();
  returned_.wait_until(lock, deadline, [this] { return idle_.size() == readers_.size(); });
  for (LedgerReaders& each : readers_) {
    each.catalog->Abort();
    if (each.executions) each.executions->Abort();
    if (each.audit) each.audit->Abort();
    if (each.remarks) each.remarks->Abort();
    if (each.discards) each.discards->Abort();
    if (each.replays) each.replays->Abort();
    if (each.groups) each.groups->Abort();
  }
}

}  // namespace deadletter
