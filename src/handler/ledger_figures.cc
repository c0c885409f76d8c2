#include "handler/ledger_figures.h"

#include "telemetry/log.h"

namespace deadletter {
namespace {

constexpr std::chrono::seconds kLedgerEvery(5);

}  // namespace

LedgerFigures::LedgerFigures(std::unique_ptr<Catalog> catalog, Metrics& metrics, Health& health)
    : catalog_(std::move(catalog)), metrics_(metrics), health_(health) {}

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
    Look();
    signal_.WaitFor(stop, kLedgerEvery);
  }
}

void LedgerFigures::Look() {
  const auto counts = catalog_->Counts();
  metrics_.SetLedgerConnected(counts.has_value());
  if (!counts) {  // the last figures stand
    if (health_.Set("ledger", HealthState::kMissing, counts.error().message)) {
      LogWarning("ledger_away", {{"cause", std::string(LedgerFaultName(counts.error().fault))},
                                 {"why", counts.error().message}});
    }
    return;
  }
  if (health_.Set("ledger", HealthState::kReady)) LogInfo("ledger_answers");
  for (const LetterState state :
       {LetterState::kOpen, LetterState::kWaiting, LetterState::kClosed}) {
    const auto found = counts->letters.find(state);
    metrics_.SetLedgerLetters(state, found == counts->letters.end() ? 0 : found->second);
  }
  metrics_.SetLedgerBytes(counts->bytes);
}

}  // namespace deadletter
