#include "tests/system/embedded_pair.h"

#include "tests/conformance/embedded_broker_under_test.h"
#include "tests/conformance/sqlite_ledger_under_test.h"

namespace deadletter::test {
namespace {

class Embedded final : public Pair {
 public:
  explicit Embedded(const LedgerSetup& setup) : ledger_(setup) {}

  BrokerUnderTest& broker() override { return broker_; }
  LedgerUnderTest& ledger() override { return ledger_; }
  std::string Toml() const override {
    return "[broker]\nurl = \"embedded:" + broker_.path() +
           "\"\n[ledger]\nurl = \"sqlite:" + ledger_.path() + "\"\n";
  }
  std::string LedgerUrl() const override { return "sqlite:" + ledger_.path(); }
  PairCapabilities capabilities() const override {
    return {
        .locks_single_rows = false, .ledger_can_be_stopped = false, .broker_can_be_stopped = false};
  }
  void StopLedger() override { throw std::logic_error("a file cannot be stopped"); }
  void StartLedger() override { throw std::logic_error("a file cannot be started"); }
  void StopBroker() override { throw std::logic_error("a file cannot be stopped"); }
  void StartBroker() override { throw std::logic_error("a file cannot be started"); }
  void Freeze() override { throw std::logic_error("a file cannot be frozen"); }
  void Thaw() override { throw std::logic_error("a file cannot be thawed"); }

 private:
  EmbeddedBrokerUnderTest broker_;
  SqliteLedgerUnderTest ledger_;
};

}  // namespace

PairFactory EmbeddedPair() {
  return {"Embedded", [](const LedgerSetup& setup) { return std::make_unique<Embedded>(setup); }};
}

}  // namespace deadletter::test
