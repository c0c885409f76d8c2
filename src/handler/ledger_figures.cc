#include "handler/ledger_figures.h"

namespace deadletter {
namespace {

constexpr std::chrono::seconds kEvery(10);

}  // namespace

LedgerFigures::LedgerFigures(std::unique_ptr<Catalog> catalog, Metrics& metrics)
    : catalog_(std::move(catalog)), metrics_(metrics) {}

LedgerFigures::~LedgerFigures() {
  Stop();
}

void LedgerFigures::Start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

void LedgerFigures::Stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  catalog_->Abort();
  thread_.join();
}

void LedgerFigures::Run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    if (const auto counts = catalog_->Counts()) {
      for (const LetterState state :
           {LetterState::kOpen, LetterState::kWaiting, LetterState::kClosed}) {
        const auto found = counts->letters.find(state);
        metrics_.SetLedgerLetters(state, found == counts->letters.end() ? 0 : found->second);
      }
      metrics_.SetLedgerBytes(counts->bytes);
    }  // otherwise the last figures stand; intake and relay say that the ledger is away
    signal_.WaitFor(stop, kEvery);
  }
}

}  // namespace deadletter
