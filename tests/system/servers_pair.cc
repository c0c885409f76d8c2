#include "tests/system/servers_pair.h"

#include "tests/conformance/postgres_ledger_under_test.h"
#include "tests/conformance/rabbitmq_under_test.h"

namespace deadletter::test {
namespace {

class Servers final : public Pair {
 public:
  explicit Servers(const LedgerSetup& setup) : ledger_(setup) {}

  BrokerUnderTest& broker() override { return broker_; }
  LedgerUnderTest& ledger() override { return ledger_; }
  std::string Toml() const override {
    return "[broker]\nurl = \"" + broker_url_ + "\"\nmanagement_url = \"" + management_url_ +
           "\"\n[ledger]\nurl = \"" + ledger_url_ + "\"\n";
  }
  std::string LedgerUrl() const override { return ledger_url_; }
  PairCapabilities capabilities() const override { return {}; }
  void StopLedger() override { SharedPostgres().Stop(); }
  void StartLedger() override {
    SharedPostgres().Start();
    ledger_.Reconnect();
  }
  void StopBroker() override { broker_.node().Stop(); }
  void StartBroker() override { broker_.node().Start(); }
  void Freeze() override {
    SharedPostgres().Freeze();
    broker_.node().Freeze();
  }
  void Thaw() override {
    broker_.node().Thaw();
    SharedPostgres().Thaw();
  }

 private:
  RabbitUnderTest broker_;
  PostgresLedgerUnderTest ledger_;
  const std::string broker_url_ = broker_.node().AmqpUrl(broker_.vhost());
  const std::string management_url_ = broker_.node().ManagementUrl();
  const std::string ledger_url_ = ledger_.options().url;
};

}  // namespace

PairFactory ServersPair() {
  return {"Servers", [](const LedgerSetup& setup) { return std::make_unique<Servers>(setup); }};
}

}  // namespace deadletter::test
