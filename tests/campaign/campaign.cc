#include "tests/campaign/campaign.h"

#include <fmt/format.h>
#include <signal.h>

#include <set>
#include <thread>

#include "tests/campaign/gated_pair.h"
#include "tests/campaign/points.h"

namespace deadletter::test {
namespace {

constexpr std::size_t kBefore = 12;  // letters that wait for a server when it starts
constexpr std::size_t kMeanwhile = 4;
constexpr std::chrono::milliseconds kBetween(15);
// Beyond the ids that a sequence gives to what is submitted.
constexpr std::int64_t kFirstExecution = 1'000'000;
constexpr std::int64_t kIdsOfASubmission = 10;
constexpr int kBursts = 5;
constexpr int kMostVisits = 5;
constexpr int kTries = 10;  // to find something in hand
constexpr int kLastReplays = 5;
constexpr int kKilled = 128 + SIGKILL;
// Two letters each for the two that settle side by side.
constexpr const char* kSmallBatches = "\n[intake]\nbatch_letters = 4\n";

WorldOptions UnmigratedWithRules() {
  WorldOptions options;
  options.ledger.migrated = false;
  options.toml = std::string(kRules) + kSmallBatches;
  return options;
}

}  // namespace

Tally& Tally::operator+=(const Tally& other) {
  for (const auto& [point, count] : other.kills) {
    kills[point].all += count.all;
    kills[point].in_hand += count.in_hand;
  }
  random.all += other.random.all;
  random.in_hand += other.random.in_hand;
  starts += other.starts;
  broker_restarts += other.broker_restarts;
  broker_crashes += other.broker_crashes;
  ledger_restarts += other.ledger_restarts;
  ledger_crashes += other.ledger_crashes;
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
    : pair_(pair.name),
      random_(seed),
      world_(Gated(pair), UnmigratedWithRules()),
      traffic_(world_, account_, random_(), kFirstExecution),
      in_hand_(InHandOf(world_.pair())),
      in_seconds_hand_(InHandOf(world_.pair())) {}

bool Campaign::KillAt(const std::string& point, int visit) {
  if (IsOfReplay(point)) KillSecond();
  // A subscription is begun once for each of the two queues; all the rest is done again and again.
  // A look is taken several times before letters are, and then every few seconds.
  const int visits = point.starts_with("subscribe.") ? 2
                     : point.starts_with("look.")    ? kTries
                                                     : kMostVisits;
  for (int tries = 0; tries < kTries; ++tries) {
    if (!KillOnceAt(point, visit + tries % visits, tries > 0)) return false;
    if (tally_.kills[point].in_hand > 0 || IsAtStart(pair_, point)) break;
    // What it claims beside a second one is not seen; and the more there is to do, the more is in
    // its hand.
    KillSecond();
    traffic_.Send(kBefore);
  }
  return true;
}

bool Campaign::KillOnceAt(const std::string& point, int visit, bool in_a_flood) {
  if (point.starts_with("migrate.")) {
    traffic_.SendStrange(kBefore);  // rows may have no table yet
  } else {
    Migrate();
    traffic_.Work();
    traffic_.Send(kBefore);
  }
  LetLeasesEnd();
  if (point.starts_with("submit.")) return KillSubmission(point);
  in_hand_->Begin(!second_);
  Server doomed = world_.Serve({{"DEADLETTER_FAULT", point + "=stop@" + std::to_string(visit)}});
  ++tally_.starts;
  std::optional<std::size_t> held;
  std::string trouble;
  // On a thread of its own: a process that stands still may hold a lock that our sending waits for.
  std::jthread watcher([&] {
    try {
      if (doomed.process().WaitForStop(kPatience)) held = HeldAt(point);
    } catch (const std::exception& error) {
      trouble = error.what();
    }
    doomed.process().Signal(SIGKILL);
  });
  const std::optional<int> status = SendUntilDead(doomed, in_a_flood, IsOfReplay(point));
  watcher.join();
  if (status == kKilled && held) {
    TellReturns(account_, doomed);
    ++tally_.kills[point].all;
    tally_.kills[point].in_hand += *held > 0 ? 1 : 0;
    return true;
  }
  why_ = fmt::format(
      "{}@{}: {} {}\n{}", point, visit,
      status == kKilled ? "was never reached" : "ended with " + std::to_string(status.value_or(-1)),
      trouble, doomed.process().output());
  return false;
}

std::size_t Campaign::HeldAt(const std::string& point) {
  return IsOfReplay(point) ? in_hand_->CountReplayed() : in_hand_->Count();
}

std::optional<int> Campaign::SendUntilDead(Server& doomed, bool in_a_flood, bool replays) {
  const auto between = in_a_flood ? std::chrono::milliseconds(1) : kBetween;
  std::optional<int> status = doomed.process().WaitForExit(between);
  while (!status) {
    if (is_migrated_) traffic_.Send(kMeanwhile);
    if (replays) (void)traffic_.Replay();
    // Made at once, as what is about no execution is.
    for (int burst = 0; in_a_flood && burst < kBursts; ++burst) traffic_.SendStrange(kMeanwhile);
    status = doomed.process().WaitForExit(between);
  }
  return status;
}

void Campaign::Migrate() {
  if (is_migrated_) return;
  const Finished migrated = world_.Run({"migrate"});
  if (migrated.status != 0) throw std::runtime_error("migrate: " + migrated.output);
  is_migrated_ = true;
}

// As if some seconds had gone by since those who drove replays were killed: the next server takes
// them over at once.
void Campaign::LetLeasesEnd() {
  if (!is_migrated_ || second_) return;
  world_.pair().ledger().Meddle(
      "UPDATE {{replay}} SET lease_until = created_at WHERE lease_until IS NOT NULL");
}

bool Campaign::KillSubmission(const std::string& point) {
  traffic_.Skip(kIdsOfASubmission);
  const Finished submitted =
      world_.Run({"submit", "--queue", kWorkerQueue, "--action", "core.echo"},
                 {{"DEADLETTER_FAULT", point + "=kill"}});
  if (submitted.status == kKilled) {
    ++tally_.kills[point].all;
    return true;
  }
  why_ = point + " was never reached:\n" + submitted.output;
  return false;
}

void Campaign::KillAfter(std::chrono::milliseconds lifetime) {
  Migrate();
  traffic_.Work();
  traffic_.Send(kBefore);
  LetLeasesEnd();
  Server doomed = ServeReleased();
  if (Roll(4) > 0) (void)doomed.process().WaitForLine("consuming", kPatience);
  SendWhile(lifetime);
  Kill(doomed, *in_hand_);
}

void Campaign::Kill(Server& server, InHand& in_hand) {
  server.process().Signal(SIGSTOP);
  if (!server.process().WaitForStop(kPatience)) {
    throw std::runtime_error("serve ended by itself:\n" + server.process().output());
  }
  const std::size_t held = in_hand.Count();
  server.process().Signal(SIGKILL);
  if (server.process().WaitForExit(kPatience) != kKilled) {
    throw std::runtime_error("serve ended by itself:\n" + server.process().output());
  }
  TellReturns(account_, server);
  ++tally_.random.all;
  tally_.random.in_hand += held > 0 ? 1 : 0;
}

Server Campaign::ServeReleased() {
  in_hand_->Begin(!second_);
  ++tally_.starts;
  return world_.ServeReleased();
}

void Campaign::RestartBroker(Ending ending) {
  Migrate();
  Server server = ServeReleased();
  traffic_.Send(kBefore);
  if (second_) in_hand_->End();  // who connects again cannot be told apart
  const LedgerFacts before = world_.pair().ledger().ReadFacts();
  switch (ending) {
    case Ending::kInOrder:
      world_.pair().StopBroker();
      world_.pair().StartBroker();
      ++tally_.broker_restarts;
      break;
    case Ending::kByForce:
      account_.BrokerWasKilled();
      world_.pair().broker().Restart();
      ++tally_.broker_crashes;
      break;
  }
  const LedgerFacts after = world_.pair().ledger().ReadFacts();
  account_.MayLoseRetries(after);
  account_.MayLoseReplays(before, after);
  traffic_.Send(kBefore);
  SendWhile(std::chrono::milliseconds(Roll(1'000)));
  Kill(server, *in_hand_);
}

void Campaign::RestartLedger(Ending ending) {
  Migrate();
  Server server = ServeReleased();
  traffic_.Send(kBefore);
  traffic_.Unlock();
  switch (ending) {
    case Ending::kInOrder:
      world_.pair().StopLedger();
      ++tally_.ledger_restarts;
      break;
    case Ending::kByForce:
      dynamic_cast<GatedPair&>(world_.pair()).CrashLedger();
      ++tally_.ledger_crashes;
      break;
  }
  world_.pair().StartLedger();
  traffic_.Send(kBefore);
  SendWhile(std::chrono::milliseconds(Roll(1'000)));
  Kill(server, *in_hand_);
}

void Campaign::CutWires() {
  Migrate();
  auto& gated = dynamic_cast<GatedPair&>(world_.pair());
  traffic_.Send(kBefore);
  Server server = ServeReleased();
  const std::uint64_t cuts = 1 + Roll(3);
  if (second_) in_hand_->End();
  for (std::uint64_t number = 0; number < cuts; ++number) {
    Cut(Roll(2) == 0 ? gated.broker_gate() : gated.ledger_gate());
    SendWhile(std::chrono::milliseconds(100 + Roll(400)));
    gated.broker_gate().Pass();
    gated.ledger_gate().Pass();
    ++tally_.cuts;
  }
  SendWhile(std::chrono::milliseconds(Roll(500)));
  Kill(server, *in_hand_);
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

void Campaign::StartSecond() {
  Migrate();
  in_seconds_hand_->Begin(false);
  second_.reset(new Server(world_.ServeReleased()));  // it cannot be moved
  ++tally_.starts;
  // What it takes must not be taken for another's.
  for (const char* queue : {kDeadLetterQueue, kUnroutedQueue}) {
    (void)second_->process().WaitForLine(fmt::format(R"("queue":"{}")", queue), kPatience);
  }
  in_seconds_hand_->End();
}

void Campaign::KillSecond() {
  if (!second_) return;
  Kill(*second_, *in_seconds_hand_);
  second_.reset();
}

void Campaign::Close() {
  KillSecond();
  Migrate();
  traffic_.Work();
  traffic_.Unlock();
  traffic_.RefuseNobody();
  LetLeasesEnd();
  // As if an hour had gone by: what is to be settled again is due.
  world_.pair().ledger().Meddle(
      "UPDATE {{letter}} SET try_again_at = received_at WHERE try_again_at IS NOT NULL");
  Server last = world_.ServeReleased();
  ++tally_.starts;
  // Those before had servers that were killed; of these each has its end in the life of one.
  for (int replay = 0; replay < kLastReplays; ++replay) (void)traffic_.Replay();
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
  for (const char* end : {"succeeded", "failed_again", "no_answer", "unroutable", "in_doubt"}) {
    outcomes.push_back(std::string("replayed and ") + end);
  }
  return outcomes;
}

// An execution that was submitted has its message, or there is neither (P1); and sent again it is
// the same under the same id (P3).
void Campaign::CheckSubmissions() {
  std::set<std::string> submitted;
  for (const RowFact& row : world_.pair().ledger().ReadFacts().rows) {
    if (!account_.Knows(row.id)) submitted.insert(row.id);
  }
  std::set<std::string> sent;
  for (const auto& [execution, ids] : MessagesByExecution(world_, kWorkerQueue)) {
    sent.insert(execution);
    if (ids.size() == 1) continue;
    tally_.findings +=
        fmt::format("execution {} was submitted as {} different messages\n", execution, ids.size());
    ++tally_.broken[Promise::kP3];
  }
  if (sent == submitted) return;
  tally_.findings += fmt::format("{} executions were submitted, and {} have a message\n",
                                 submitted.size(), sent.size());
  ++tally_.broken[Promise::kP1];
}

}  // namespace deadletter::test
