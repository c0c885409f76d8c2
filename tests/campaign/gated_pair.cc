#include "tests/campaign/gated_pair.h"

#include <stdexcept>

#include "tests/support/private_postgres.h"
#include "tests/system/on_postgres.h"

namespace deadletter::test {

GatedPair::GatedPair(std::unique_ptr<Pair> pair)
    : pair_(std::move(pair)),
      toml_(pair_->Toml()),
      broker_gate_(PutBefore("amqp://")),
      ledger_gate_(PutBefore("postgresql://")) {}

std::unique_ptr<TcpGate> GatedPair::PutBefore(const std::string& scheme) {
  const std::size_t begin = toml_.find(scheme);
  if (begin == std::string::npos) throw std::logic_error("no " + scheme + " in " + toml_);
  const std::string url = toml_.substr(begin, toml_.find('"', begin) - begin);
  auto gate = std::make_unique<TcpGate>(PortOf(url));
  toml_.replace(begin, url.size(), gate->Through(url));
  return gate;
}

void GatedPair::CrashLedger() {
  dynamic_cast<OnPostgres&>(*pair_).postgres().Kill();
}

PairFactory Gated(const PairFactory& pair) {
  return {pair.name, [make = pair.make](const LedgerSetup& setup) -> std::unique_ptr<Pair> {
            auto made = make(setup);
            if (!made->capabilities().broker_can_be_stopped) return made;
            return std::make_unique<GatedPair>(std::move(made));
          }};
}

}  // namespace deadletter::test
