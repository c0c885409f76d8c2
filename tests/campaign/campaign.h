// Killing a serving deadletter again and again while letters are being published, and the account
// at the end: what the crash matrix and the soak are made of.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tests/account/traffic.h"
#include "tests/campaign/in_hand.h"
#include "tests/support/tcp_gate.h"

namespace deadletter::test {

struct Kills {
  std::size_t all = 0;
  // It had letters, events, retries or replayed letters in hand: InHand. At a point of replays:
  // letters of replays that it was driving, claimed by then and not ended.
  std::size_t in_hand = 0;
};

// What a campaign did and what came of it. Several are summed up by adding them.
struct Tally {
  std::map<std::string, Kills> kills;  // by point
  Kills random;                        // at any time, of the release binary
  std::size_t starts = 0;              // of a server
  std::size_t broker_restarts = 0;     // in order
  std::size_t broker_crashes = 0;      // by force, and started again
  std::size_t ledger_restarts = 0;
  std::size_t ledger_crashes = 0;
  std::size_t cuts = 0;
  std::size_t messages = 0;
  std::size_t letters = 0;
  std::size_t failed = 0;
  std::size_t events = 0;
  std::size_t copies = 0;                     // of events
  std::map<std::string, std::size_t> became;  // letters by outcome, as Balance has them
  std::map<Promise, std::size_t> broken;
  std::size_t unfinished = 0;
  std::string findings;  // the text of every balance that did not hold

  Tally& operator+=(const Tally& other);
  [[nodiscard]] std::size_t AllKills() const;
  [[nodiscard]] bool Holds() const { return findings.empty(); }
};

// How a server that is to be started again ends.
enum class Ending { kInOrder, kByForce };

// One world, whose ledger is not migrated yet, and everything that is done to it.
//
// Threads: one at a time; several campaigns may run beside one another.
class Campaign {
 public:
  Campaign(const PairFactory& pair, std::uint64_t seed);

  // A server that stands still at the `visit`th visit of that point, and is killed as soon as it
  // was seen what it has in hand; letters are sent before it starts and until it is dead. Where it
  // had nothing in hand and could have had, again, a few times, at a later visit. At a point of
  // replays it is alone, so that the replays are its own. False: it did not
  // come there, or died of something else.
  [[nodiscard]] bool KillAt(const std::string& point, int visit = 1);
  // The released program, killed when it has run for so long, letters coming all the while; mostly
  // that is counted from when it begins to consume.
  void KillAfter(std::chrono::milliseconds lifetime);
  // In the life of a server, letters before and after; it is killed in the end.
  void RestartBroker(Ending ending);
  void RestartLedger(Ending ending);
  // The connections to broker and ledger are cut, in the middle of anything, and stall; servers
  // only.
  void CutWires();

  // A second one on the same queues, of the released program: until it is killed, too, every other
  // kill is that of one of two.
  void StartSecond();
  void KillSecond();

  // The end: a last server brings everything to rest.
  void Close();

  [[nodiscard]] const Tally& tally() const { return tally_; }
  [[nodiscard]] PairCapabilities capabilities() { return world_.pair().capabilities(); }
  // That some letter must have had in a campaign of some length, besides failing its execution.
  [[nodiscard]] std::vector<std::string> OutcomesDue();
  // Why the last KillAt was none.
  [[nodiscard]] const std::string& why() const { return why_; }

 private:
  [[nodiscard]] std::uint64_t Roll(std::uint64_t sides) { return random_() % sides; }
  void Migrate();
  void LetLeasesEnd();
  void Cut(TcpGate& gate);
  [[nodiscard]] bool KillOnceAt(const std::string& point, int visit, bool in_a_flood);
  [[nodiscard]] std::size_t HeldAt(const std::string& point);
  [[nodiscard]] bool KillSubmission(const std::string& point);
  [[nodiscard]] std::optional<int> SendUntilDead(Server& doomed, bool in_a_flood, bool replays);
  void Kill(Server& server, InHand& in_hand);
  // A server of the released program, all that it takes from now on being seen in its hand.
  [[nodiscard]] Server ServeReleased();
  void SendWhile(std::chrono::milliseconds time);
  void CheckSubmissions();

  std::string pair_;
  std::mt19937_64 random_;
  World world_;
  Account account_;
  Traffic traffic_;
  Tally tally_;
  std::unique_ptr<Server> second_;
  std::unique_ptr<InHand> in_hand_;
  std::unique_ptr<InHand> in_seconds_hand_;
  bool is_migrated_ = false;
  std::string why_;
};

}  // namespace deadletter::test
