#include "tests/system/servers_pair.h"

#include "tests/conformance/postgres_ledger_under_test.h"
#include "tests/conformance/rabbitmq_under_test.h"
#include "tests/system/on_postgres.h"

namespace deadletter::test {
namespace {

class Servers : public Pair, public OnRabbitMq, public OnPostgres {
 public:
  Servers(PrivatePostgres& postgres, const LedgerSetup& setup)
      : postgres_(postgres), ledger_(setup, postgres.MakeDatabase("ledger")) {}

  BrokerUnderTest& broker() override { return broker_; }
  LedgerUnderTest& ledger() override { return ledger_; }
  std::string Toml() const override { return TomlFor(broker_url_, ledger_url_); }
  std::string LedgerUrl() const override { return ledger_url_; }
  PairCapabilities capabilities() const override { return {}; }
  void StopLedger() override { postgres_.Stop(); }
  void StartLedger() override {
    postgres_.Start();
    ledger_.Reconnect();
  }
  void StopBroker() override { broker_.node().Stop(); }
  void StartBroker() override { broker_.node().Start(); }
  void Freeze() override {
    postgres_.Freeze();
    broker_.node().Freeze();
  }
  void Thaw() override {
    broker_.node().Thaw();
    postgres_.Thaw();
  }
  PrivateRabbitMq& node() override { return broker_.node(); }
  PrivatePostgres& postgres() override { return postgres_; }
  const std::string& vhost() override { return broker_.vhost(); }

 protected:
  [[nodiscard]] std::string TomlFor(const std::string& broker_url,
                                    const std::string& ledger_url) const {
    return "[broker]\nurl = \"" + broker_url + "\"\nmanagement_url = \"" + management_url_ +
           "\"\n[ledger]\nurl = \"" + ledger_url + "\"\n";
  }
  [[nodiscard]] const std::string& broker_url() const { return broker_url_; }

 private:
  PrivatePostgres& postgres_;
  RabbitUnderTest broker_;
  PostgresLedgerUnderTest ledger_;
  const std::string broker_url_ = broker_.node().AmqpUrl(broker_.vhost());
  const std::string management_url_ = broker_.node().ManagementUrl();
  const std::string ledger_url_ = ledger_.options().url;
};

class Gated final : public Servers, public GatedServers {
 public:
  using Servers::Servers;
  std::string Toml() const override {
    return TomlFor(broker_gate_.Through(broker_url()), ledger_gate_.Through(LedgerUrl()));
  }
  TcpGate& broker_gate() override { return broker_gate_; }
  TcpGate& ledger_gate() override { return ledger_gate_; }

 private:
  TcpGate broker_gate_{PortOf(broker_url())};
  TcpGate ledger_gate_{PortOf(LedgerUrl())};
};

}  // namespace

PairFactory ServersPair() {
  return {"Servers", [](const LedgerSetup& setup) {
            return std::make_unique<Servers>(SharedPostgres(), setup);
          }};
}

PairFactory ServersPair(PrivatePostgres& postgres) {
  return {"Servers",
          [&](const LedgerSetup& setup) { return std::make_unique<Servers>(postgres, setup); }};
}

PairFactory GatedServersPair() {
  return {"GatedServers", [](const LedgerSetup& setup) {
            return std::make_unique<Gated>(SharedPostgres(), setup);
          }};
}

PairFactory GatedServersPair(PrivatePostgres& postgres) {
  return {"GatedServers",
          [&](const LedgerSetup& setup) { return std::make_unique<Gated>(postgres, setup); }};
}

}  // namespace deadletter::test
