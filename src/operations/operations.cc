#include "operations/operations.h"

#include "operations/letter_json.h"
#include "operations/list_letters.h"
#include "operations/show_letter.h"

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

 private:
  Operations& operations_;
  LedgerReaders* readers_ = nullptr;
};

namespace {

Unexpected<OperationError> Stopping() {
  return FailOperation(OperationFault::kUnavailable, "the server is stopping");
}

}  // namespace

Operations::Operations(std::vector<LedgerReaders> readers, OperationsOptions options)
    : options_(std::move(options)), readers_(std::move(readers)) {
  for (LedgerReaders& each : readers_) idle_.push_back(&each);
}

OperationResult<std::string> Operations::ListLetters(std::span<const Parameter> parameters) {
  const auto request = ParseListRequest(parameters);
  if (!request) return Unexpected<OperationError>(request.error());
  const Lease lease(*this);
  if (lease.IsClosed()) return Stopping();
  return deadletter::ListLetters(lease.catalog(), *request);
}

OperationResult<std::string> Operations::ShowLetter(std::string_view id) {
  const Lease lease(*this);
  if (lease.IsClosed()) return Stopping();
  const auto record = FindLetter(lease.catalog(), id);
  if (!record) return Unexpected<OperationError>(record.error());
  const auto execution = FindExecution(lease.executions(), options_.id_type, record->summary);
  return RecordJson(*record, execution, BodyUrl(options_.base_path, record->summary.id));
}

OperationResult<std::string> Operations::LetterBody(std::string_view id) {
  const Lease lease(*this);
  if (lease.IsClosed()) return Stopping();
  auto record = FindLetter(lease.catalog(), id);
  if (!record) return Unexpected<OperationError>(record.error());
  return std::move(record->message.body);
}

void Operations::Close(std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  closed_ = true;
  returned_.notify_all();
  returned_.wait_until(lock, deadline, [this] { return idle_.size() == readers_.size(); });
  for (LedgerReaders& each : readers_) {
    each.catalog->Abort();
    if (each.executions) each.executions->Abort();
  }
}

}  // namespace deadletter
