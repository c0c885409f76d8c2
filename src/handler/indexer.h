// Makes recorded letters be found by their words.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "handler/chore.h"
#include "ledger/text_index.h"
#include "telemetry/metrics.h"

namespace deadletter {

// What of a letter may be found.
struct IndexedView {
  std::string name;  // another name, another view; the same in every instance
  // A body without what is redacted, or nothing where nobody can tell what in it is. Without it
  // everything may be found.
  std::function<std::optional<std::string>(std::string_view body)> body = nullptr;
};

// Clock and metrics must outlive it.
class Indexer final : public Chore {
 public:
  Indexer(std::unique_ptr<TextIndex> index, IndexedView view, const Clock& clock, Metrics& metrics);

  [[nodiscard]] LedgerResult<bool> DoSome() override;
  [[nodiscard]] std::string_view part() const override { return "text search"; }
  void Complain(const LedgerError& error) const override;
  void Abort() override { index_->Abort(); }

 private:
  [[nodiscard]] std::vector<std::string> WordsToFind(const UnindexedLetter& letter) const;
  // Adds the first ones, as many as may be at once; how many that were. None: they are another
  // instance's business.
  [[nodiscard]] LedgerResult<std::size_t> AddSome(const std::vector<UnindexedLetter>& letters);
  [[nodiscard]] LedgerResult<bool> AddAlone(IndexedLetter letter);

  const std::unique_ptr<TextIndex> index_;
  const IndexedView view_;
  const Clock& clock_;
  Metrics& metrics_;
  bool has_begun_ = false;
};

}  // namespace deadletter
