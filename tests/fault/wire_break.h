// How a wire breaks: every way that the tests try, on a gate in its road.
#pragma once

#include <cstdint>
#include <limits>
#include <ostream>
#include <random>
#include <string>
#include <vector>

#include "tests/support/tcp_gate.h"

namespace deadletter::test {

// Fewer than any question to the ledger or its answer has: one that is cut so is lost, whatever it
// says.
inline constexpr std::uint64_t kFewBytes = 20;

enum class Wire { kBroker, kLedger };
enum class Break {
  kCut,
  kReset,
  kMidFrameToServer,
  kMidFrameToUs,
  kServerGoneUntold,
  kClientGoneUntold,
  kBlackHole,
  kStalled,
  kDelayed,
  kSlow,
};

inline constexpr Break kBreaks[] = {
    Break::kCut,
    Break::kReset,
    Break::kMidFrameToServer,
    Break::kMidFrameToUs,
    Break::kServerGoneUntold,
    Break::kClientGoneUntold,
    Break::kBlackHole,
    Break::kStalled,
    Break::kDelayed,
    Break::kSlow,
};

struct CutCase {
  Wire wire;
  Break how;
};

inline std::vector<CutCase> AllCuts() {
  std::vector<CutCase> cuts;
  for (const Wire wire : {Wire::kBroker, Wire::kLedger}) {
    for (const Break how : kBreaks) cuts.push_back({wire, how});
  }
  return cuts;
}

inline std::string NameOf(const CutCase& cut) {
  std::string name = cut.wire == Wire::kBroker ? "Broker_" : "Ledger_";
  switch (cut.how) {
    case Break::kCut:
      return name + "Cut";
    case Break::kReset:
      return name + "Reset";
    case Break::kMidFrameToServer:
      return name + "MidFrameToServer";
    case Break::kMidFrameToUs:
      return name + "MidFrameToUs";
    case Break::kServerGoneUntold:
      return name + "ServerGoneUntold";
    case Break::kClientGoneUntold:
      return name + "ClientGoneUntold";
    case Break::kBlackHole:
      return name + "BlackHole";
    case Break::kStalled:
      return name + "Stalled";
    case Break::kDelayed:
      return name + "Delayed";
    case Break::kSlow:
      return name + "Slow";
  }
  return name;
}

inline void PrintTo(const CutCase& cut, std::ostream* out) {
  *out << NameOf(cut);
}

// In the middle of a frame: after at most so many bytes, of whichever of the gate's connections is
// the first to have any. Where the program stands still at a point, that is mostly the one it is
// about to speak on.
inline void BreakWire(TcpGate& gate, Break how, std::mt19937_64& random,
                      std::uint64_t most_bytes = 300) {
  std::uniform_int_distribution<std::uint64_t> bytes(1, most_bytes);
  switch (how) {
    case Break::kCut:
      return gate.Cut();
    case Break::kReset:
      return gate.Reset();
    case Break::kMidFrameToServer:
      return gate.CutAfter(Flow::kToServer, bytes(random));
    case Break::kMidFrameToUs:
      return gate.CutAfter(Flow::kToClient, bytes(random));
    case Break::kServerGoneUntold:
      return gate.HalfOpen(GateSide::kServer);
    case Break::kClientGoneUntold:
      return gate.HalfOpen(GateSide::kClient);
    case Break::kBlackHole:
      return gate.Drop();
    case Break::kStalled:
      return gate.Hold();
    case Break::kDelayed:
      return gate.Delay(std::chrono::milliseconds(40));
    case Break::kSlow:
      return gate.Slow(150'000);
  }
}

// Whatever was ordered of it and has not come to pass is called off; what is open stays as it is.
inline void MendWire(TcpGate& gate) {
  gate.Pass();
  for (const Flow flow : {Flow::kToServer, Flow::kToClient}) {
    gate.CutAfter(flow, std::numeric_limits<std::uint64_t>::max());
  }
}

}  // namespace deadletter::test
