// A broker and a ledger with nothing on them yet: what the product runs on in one test.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "tests/conformance/broker_under_test.h"
#include "tests/conformance/ledger_under_test.h"

namespace deadletter::test {

// What a pair cannot do, so that no test asks for its name.
struct PairCapabilities {
  bool locks_single_rows = true;      // else the ledger's file is locked as a whole
  bool ledger_can_be_stopped = true;  // it is a server that an operator may stop
  bool broker_can_be_stopped = true;
};

class Pair {
 public:
  virtual ~Pair() = default;

  [[nodiscard]] virtual BrokerUnderTest& broker() = 0;
  [[nodiscard]] virtual LedgerUnderTest& ledger() = 0;
  // The sections [broker] and [ledger] of a configuration file.
  [[nodiscard]] virtual std::string Toml() const = 0;
  [[nodiscard]] virtual std::string LedgerUrl() const = 0;
  [[nodiscard]] virtual PairCapabilities capabilities() const = 0;

  virtual void StopLedger() = 0;
  virtual void StartLedger() = 0;
  virtual void StopBroker() = 0;
  virtual void StartBroker() = 0;
  // Neither closes a connection nor answers, until Thaw().
  virtual void Freeze() = 0;
  virtual void Thaw() = 0;
};

struct PairFactory {
  std::string name;
  std::function<std::unique_ptr<Pair>(const LedgerSetup&)> make;
};

inline void PrintTo(const PairFactory& factory, std::ostream* out) {
  *out << factory.name;
}

}  // namespace deadletter::test
