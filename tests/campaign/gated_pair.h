// A pair of servers behind gates: the program under test reaches broker and ledger through them,
// the test itself past them.
#pragma once

#include "tests/support/tcp_gate.h"
#include "tests/system/pair.h"

namespace deadletter::test {

class GatedPair final : public Pair {
 public:
  explicit GatedPair(std::unique_ptr<Pair> pair);

  [[nodiscard]] Pair& inner() { return *pair_; }
  [[nodiscard]] TcpGate& broker_gate() { return *broker_gate_; }
  [[nodiscard]] TcpGate& ledger_gate() { return *ledger_gate_; }

  BrokerUnderTest& broker() override { return pair_->broker(); }
  LedgerUnderTest& ledger() override { return pair_->ledger(); }
  std::string Toml() const override { return toml_; }
  std::string LedgerUrl() const override { return pair_->LedgerUrl(); }
  PairCapabilities capabilities() const override { return pair_->capabilities(); }
  void StopLedger() override { pair_->StopLedger(); }
  void CrashLedger();  // until StartLedger()
  void StartLedger() override { pair_->StartLedger(); }
  void StopBroker() override { pair_->StopBroker(); }
  void StartBroker() override { pair_->StartBroker(); }
  void Freeze() override { pair_->Freeze(); }
  void Thaw() override { pair_->Thaw(); }

 private:
  // Puts a gate before the server whose URL begins so, in `toml_`.
  std::unique_ptr<TcpGate> PutBefore(const std::string& scheme);

  std::unique_ptr<Pair> pair_;
  std::string toml_;
  std::unique_ptr<TcpGate> broker_gate_;
  std::unique_ptr<TcpGate> ledger_gate_;
};

// The same pair, gated where it consists of servers.
[[nodiscard]] PairFactory Gated(const PairFactory& pair);

}  // namespace deadletter::test
