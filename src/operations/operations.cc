#include "operations/operations.h"

#include "operations/letter_json.h"
#include "operations/list_letters.h"
#include "operations/show_letter.h"

namespace deadletter {

// A reader of ours while it lives.
class Operations::Lease {
 public:
  explicit Lease(Operations& operations) : operations_(operations) {
    std::unique_lock lock(operations_.mutex_);
    operations_.returned_.wait(lock, [this] { return !operations_.idle_.empty(); });
    readers_ = operations_.idle_.back();
    operations_.idle_.pop_back();
  }
  ~Lease() {
    {
      const std::scoped_lock lock(operations_.mutex_);
      operations_.idle_.push_back(readers_);
    }
    operations_.returned_.notify_one();
  }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  [[nodiscard]] Catalog& catalog() const { return *readers_->catalog; }
  [[nodiscard]] Executions* executions() const { return readers_->executions.get(); }

 private:
  Operations& operations_;
  LedgerReaders* readers_ = nullptr;
};

Operations::Operations(std::vector<LedgerReaders> readers, OperationsOptions options)
    : options_(std::move(options)), readers_(std::move(readers)) {
  for (LedgerReaders& each : readers_) idle_.push_back(&each);
}

OperationResult<std::string> Operations::ListLetters(std::span<const Parameter> parameters) {
  const auto request = ParseListRequest(parameters);
  if (!request) return Unexpected<OperationError>(request.error());
  const Lease lease(*this);
  return deadletter::ListLetters(lease.catalog(), *request);
}

OperationResult<std::string> Operations::ShowLetter(std::string_view id) {
  const Lease lease(*this);
  const auto record = FindLetter(lease.catalog(), id);
  if (!record) return Unexpected<OperationError>(record.error());
  const auto execution = FindExecution(lease.executions(), options_.id_type, record->summary);
  return RecordJson(*record, execution, BodyUrl(options_.base_path, record->summary.id));
}

OperationResult<std::string> Operations::LetterBody(std::string_view id) {
  const Lease lease(*this);
  auto record = FindLetter(lease.catalog(), id);
  if (!record) return Unexpected<OperationError>(record.error());
  return std::move(record->message.body);
}

}  // namespace deadletter
