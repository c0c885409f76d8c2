// A real RabbitMQ and a real PostgreSQL, one of each for all the tests of a program.
#pragma once

#include "tests/support/tcp_gate.h"
#include "tests/system/pair.h"

namespace deadletter::test {

class PrivatePostgres;
class PrivateRabbitMq;

[[nodiscard]] PairFactory ServersPair();
// The ledger on a server of the test's own, which must outlive the pair.
[[nodiscard]] PairFactory ServersPair(PrivatePostgres& postgres);

// The same with a gate before each of them: the configuration names the gates, what the test itself
// asks goes past them. The pair is a GatedServers.
[[nodiscard]] PairFactory GatedServersPair();
[[nodiscard]] PairFactory GatedServersPair(PrivatePostgres& postgres);

class GatedServers {
 public:
  virtual ~GatedServers() = default;
  [[nodiscard]] virtual TcpGate& broker_gate() = 0;
  [[nodiscard]] virtual TcpGate& ledger_gate() = 0;
};

// The node behind a pair of either kind, and the virtual host that is the pair's own.
class OnRabbitMq {
 public:
  virtual ~OnRabbitMq() = default;
  [[nodiscard]] virtual PrivateRabbitMq& node() = 0;
  [[nodiscard]] virtual const std::string& vhost() = 0;
};

}  // namespace deadletter::test
