#include "tests/campaign/campaign.h"

#include <fmt/format.h>
#include <signal.h>

#include <set>
#include <thread>

#include "tests/campaign/gated_pair.h"

namespace deadletter::test {
namespace {

constexpr std::size_t kBefore = 12;  // letters that wait for a server when it starts
constexpr std::size_t kMeanwhile = 4;
constexpr std::chrono::milliseconds kBetween(15);
// Beyond the ids that a sequence gives to what is submitted.
constexpr std::int64_t kFirstExecution = 1'000'000;
constexpr std::int64_t kIdsOfASubmission = 10;
constexpr const char* kWorkerQueue = "worker.7.executions";
constexpr int kTries = 5;  // to find letters in flight
constexpr int kKilled = 128 + SIGKILL;

WorldOptions UnmigratedWithRules() {
  WorldOptions options;
  options.ledger.migrated = false;
  options.toml = kRules;
  return options;
}

}  // namespace

Tally& Tally::operator+=(const Tally& other) {
  for (const auto& [point, count] : other.kills) {
    kills[point].all += count.all;
    kills[point].in_flight += count.in_flight;
  }
  random.all += other.random.all;
  random.in_flight += other.random.in_flight;
  starts += other.starts;
  broker_restarts += other.broker_restarts;
  ledger_restarts += other.ledger_restarts;
  cuts += other.cuts;
  messages += other.messages;
  letters += other.letters;
  failed += other.failed;
  events += other.events;
  copies += other.copies;
  for (const auto& [outcome, count] : other.became) became[outcome] += count;
  for (const auto& [promise, count] : other.broken) broken[promise] += count;
  unfinished += other.unfinished;
  findings += other.findings;
  return *this;
}

std::size_t Tally::AllKills() const {
  std::size_t all = random.all;
  for (const auto& [point, count] : kills) all += count.all;
  return all;
}

Campaign::Campaign(const PairFactory& pair, std::uint64_t seed)
    : random_(seed),
      world_(Gated(pair), UnmigratedWithRules()),
      traffic_(world_, account_, random_(), kFirstExecution) {}

// A kill that came when all was done proves little: then once more.
bool Campaign::KillAt(const std::string& point, int visit) {
  for (int tries = 0; tries < kTries; ++tries) {
    if (!KillOnceAt(point, visit)) return false;
    if (tally_.kills[point].in_flight > 0) break;
  }
  return true;
}

bool Campaign::KillOnceAt(const std::string& point, int visit) {
  if (point.starts_with("migrate.")) {
    traffic_.SendStrange(kBefore);  // rows may have no table yet
  } else {
    Migrate();
    traffic_.Send(kBefore);
  }
  if (point.starts_with("submit.")) return KillSubmission(point);
  Server doomed = world_.Serve({{"DEADLETTER_FAULT", point + "=kill@" + std::to_string(visit)}});
  ++tally_.starts;
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  std::optional<int> status = doomed.process().WaitForExit(kBetween);
  while (!status && std::chrono::steady_clock::now() < deadline) {
    if (is_migrated_) traffic_.Send(kMeanwhile);
    status = doomed.process().WaitForExit(kBetween);
  }
  if (status == kKilled) {
    TellReturns(account_, doomed);
    Count(tally_.kills[point]);
    return true;
  }
  why_ = fmt::format("{}@{}: {}\n{}", point, visit,
                     status ? "ended with " + std::to_string(*status) : "was never reached",
                     doomed.process().output());
  return false;
}

void Campaign::Migrate() {
  if (is_migrated_) return;
  const Finished migrated = world_.Run({"migrate"});
  if (migrated.status != 0) throw std::runtime_error("migrate: " + migrated.output);
  is_migrated_ = true;
}

bool Campaign::KillSubmission(const std::string& point) {
  traffic_.Skip(kIdsOfASubmission);
  const Finished submitted =
      world_.Run({"submit", "--queue", kWorkerQueue, "--action", "core.echo"},
                 {{"DEADLETTER_FAULT", point + "=kill"}});
  if (submitted.status == kKilled) {
    Count(tally_.kills[point]);
    return true;
  }
  why_ = point + " was never reached:\n" + submitted.output;
  return false;
}

void Campaign::KillAfter(std::chrono::milliseconds lifetime) {
  Migrate();
  traffic_.Send(kBefore);
  Server doomed = world_.ServeReleased();
  ++tally_.starts;
  if (Roll(4) > 0) (void)doomed.process().WaitForLine("consuming", kPatience);
  SendWhile(lifetime);
  Kill(doomed);
}

void Campaign::Kill(Server& server) {
  server.process().Signal(SIGKILL);
  if (server.process().WaitForExit(kPatience) != kKilled) {
    throw std::runtime_error("serve ended by itself:\n" + server.process().output());
  }
  TellReturns(account_, server);
  Count(tally_.random);
}

void Campaign::RestartBroker() {
  Migrate();
  Server server = world_.ServeReleased();
  ++tally_.starts;
  traffic_.Send(kBefore);
  account_.MayLoseRetries(world_.pair().ledger().ReadFacts().rows);
  if (Roll(2) == 0) {
    world_.pair().StopBroker();
    world_.pair().StartBroker();
  } else {
    account_.BrokerWasKilled();
    world_.pair().broker().Restart();
  }
  ++tally_.broker_restarts;
  traffic_.Send(kBefore);
  SendWhile(std::chrono::milliseconds(Roll(1'000)));
  Kill(server);
}

void Campaign::RestartLedger() {
  Migrate();
  Server server = world_.ServeReleased();
  ++tally_.starts;
  traffic_.Send(kBefore);
  traffic_.Unlock();
  world_.pair().StopLedger();
  world_.pair().StartLedger();
  ++tally_.ledger_restarts;
  traffic_.Send(kBefore);
  SendWhile(std::chrono::milliseconds(Roll(1'000)));
  Kill(server);
}

void Campaign::CutWires() {
  Migrate();
  auto& gated = dynamic_cast<GatedPair&>(world_.pair());
  traffic_.Send(kBefore);
  Server server = world_.ServeReleased();
  ++tally_.starts;
  const std::uint64_t cuts = 1 + Roll(3);
  for (std::uint64_t number = 0; number < cuts; ++number) {
    Cut(Roll(2) == 0 ? gated.broker_gate() : gated.ledger_gate());
    SendWhile(std::chrono::milliseconds(100 + Roll(400)));
    gated.broker_gate().Pass();
    gated.ledger_gate().Pass();
    ++tally_.cuts;
  }
  SendWhile(std::chrono::milliseconds(Roll(500)));
  Kill(server);
}

void Campaign::Cut(TcpGate& gate) {
  const Flow flow = Roll(2) == 0 ? Flow::kToServer : Flow::kToClient;
  switch (Roll(6)) {
    case 0:
      return gate.Cut();
    case 1:
      return gate.Reset();
    case 2:
      return gate.Hold();
    case 3:
      return gate.Drop();
    case 4:
      return gate.HalfOpen(Roll(2) == 0 ? GateSide::kClient : GateSide::kServer);
    default:
      return gate.CutAfter(flow, 1 + Roll(5'000));
  }
}

void Campaign::SendWhile(std::chrono::milliseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) {
    traffic_.Send(kMeanwhile);
    std::this_thread::sleep_for(kBetween);
  }
}

void Campaign::Count(Kills& kills) {
  ++kills.all;
  kills.in_flight += IsInFlight() ? 1 : 0;
}

bool Campaign::IsInFlight() {
  if (world_.pair().broker().ReadyMessages(kDeadLetterQueue) > 0) return true;
  const FactCounts counts = world_.pair().ledger().CountFacts();
  return counts.outbox > 0 || counts.letters < account_.LettersDue();
}

void Campaign::StartSecond() {
  Migrate();
  second_.reset(new Server(world_.ServeReleased()));  // it cannot be moved
  ++tally_.starts;
}

void Campaign::KillSecond() {
  if (!second_) return;
  Kill(*second_);
  second_.reset();
}

void Campaign::Close() {
  KillSecond();
  Migrate();
  traffic_.Unlock();
  traffic_.RefuseNobody();
  // As if an hour had gone by: what is to be settled again is due.
  world_.pair().ledger().Meddle(
      "UPDATE {{letter}} SET try_again_at = received_at WHERE try_again_at IS NOT NULL");
  Server last = world_.ServeReleased();
  ++tally_.starts;
  const Balance balance = CloseBooks(world_, account_, {&last});
  tally_.messages += balance.messages;
  tally_.letters += balance.letters;
  tally_.failed += balance.failed;
  tally_.events += balance.events;
  tally_.copies += balance.copies;
  for (const auto& [outcome, count] : balance.became) tally_.became[outcome] += count;
  tally_.unfinished += balance.on_their_way.size();
  for (const Promise promise : kPromises) tally_.broken[promise] += balance.Broken(promise);
  if (!balance.Holds() || !balance.IsComplete()) tally_.findings += balance.Text();
  CheckSubmissions();
}

std::vector<std::string> Campaign::OutcomesDue() {
  std::vector<std::string> outcomes = {"retried", "parked", "discarded", "refused"};
  if (capabilities().locks_single_rows) outcomes.emplace_back("deferred");
  return outcomes;
}

// An execution that was submitted has its message, or there is neither (P1).
void Campaign::CheckSubmissions() {
  std::set<std::string> submitted;
  for (const RowFact& row : world_.pair().ledger().ReadFacts().rows) {
    if (!account_.Knows(row.id)) submitted.insert(row.id);
  }
  const std::set<std::string> sent = ExecutionsIn(world_, kWorkerQueue);
  if (sent == submitted) return;
  tally_.findings += fmt::format("{} executions were submitted, and {} have a message\n",
                                 submitted.size(), sent.size());
  ++tally_.broken[Promise::kP1];
}

}  // namespace deadletter::test
