#include "broker/embedded/examination.h"

#include <algorithm>
#include <set>

#include "base/contains.h"
#include "broker/embedded/owner_lock.h"
#include "broker/embedded/schema.h"
#include "broker/embedded/sql.h"
#include "broker/embedded/topology.h"
#include "broker/embedded/wanted_topology.h"

namespace deadletter::embedded {

namespace {

constexpr std::chrono::milliseconds kBusyPatience{3'000};
constexpr std::chrono::milliseconds kReadThroughLimit{5'000};

int CountLiving(sqlite::Database& database, const std::string& path) {
  const auto lock = OwnerLock::OpenToLook(OwnersFileOf(path));
  if (!lock || *lock == nullptr) return 0;
  int living = 0;
  auto owners = database.Prepare(sql::kOwners);
  while (owners.Next()) living += (*lock)->IsHeldElsewhere(owners.Int64(0)) ? 1 : 0;
  return living;
}

void LookInside(sqlite::Database& database, const BrokerExpectations& wanted, Instant now,
                QueueFileFacts& facts) {
  const auto& plan = wanted.topology;
  auto dlx = database.Prepare(sql::kFindExchange);
  dlx.Bind(plan.dlx);
  if (dlx.Next()) facts.unrouted_is_used = dlx.OptionalText(1) == plan.unrouted_exchange;
  for (const auto& queue : plan.dead_letter_queues) {
    auto waiting = database.Prepare(sql::kWaitingOfQueue);
    waiting.Bind(queue);
    if (!waiting.Next()) continue;
    QueueFileFacts::Depth depth{.waiting = waiting.Int64(0), .oldest = {}};
    if (const auto since = waiting.OptionalTime(1)) {
      depth.oldest =
          std::chrono::duration_cast<std::chrono::seconds>(std::max(now - *since, Microseconds(0)));
    }
    facts.depths[queue] = depth;
  }
  facts.living = CountLiving(database, facts.file.path);
}

std::string DepthText(const QueueFileFacts::Depth& depth) {
  auto text = WaitingText(depth.waiting);
  if (depth.oldest) text += ", the oldest for " + std::to_string(depth.oldest->count()) + " s";
  return text;
}

}  // namespace

QueueFileFacts LookAtQueueFile(const std::string& path, const BrokerExpectations& wanted,
                               const Clock& clock) {
  QueueFileFacts facts;
  facts.file = sqlite::LookAtFile(path, kReadThroughLimit);
  if (facts.file.soundness != sqlite::Soundness::kSound &&
      facts.file.soundness != sqlite::Soundness::kNotFinished) {
    return facts;
  }
  auto findings = CheckQueueFile(path, wanted.topology, clock);
  const auto database = OpenQueueFileToLook(path, kBusyPatience);
  if (!findings) {
    facts.error = findings.error().message;
  } else if (!database) {
    facts.error = database.error().message;
  } else if (*database != nullptr) {
    facts.findings = std::move(*findings);
    LookInside(**database, wanted, clock.Now(), facts);
  }
  return facts;
}

std::vector<Diagnosis> JudgeQueueFile(const BrokerExpectations& wanted,
                                      const QueueFileFacts& facts) {
  Diagnoses out;
  // `serve` declares nothing: the queues would still be missing.
  out.Append(sqlite::JudgeFile("queue file", "`deadletter topology apply` makes it", facts.file));
  if (facts.error) {
    out.Wrong("exchanges and queues", *facts.error, "mend that, and look again");
    return out.Take();
  }
  if (!facts.file.exists || facts.file.size_bytes == 0) {
    out.Wrong("exchanges and queues", "there are none yet",
              "`deadletter topology apply` declares them");
    return out.Take();
  }
  if (facts.file.soundness == sqlite::Soundness::kDamaged ||
      facts.file.soundness == sqlite::Soundness::kNotLooked) {
    out.Unknown("exchanges and queues", "the queue file could not be looked into",
                "mend what is told above, and look again");
    return out.Take();
  }
  out.Ok("processes on the queue file",
         facts.living == 0 ? std::string("none has it open")
                           : std::to_string(facts.living) + " have it open: a server runs");
  std::set<std::string> told;
  for (const auto& finding : facts.findings) {
    told.insert(finding.subject);
    out.Append({DiagnosisOf(finding, LevelOf(finding, wanted, facts.unrouted_is_used))});
  }
  const auto plan = Wanted(wanted.topology);
  for (const auto& exchange : plan.exchanges) {
    const auto subject = "exchange " + exchange.name;
    if (!told.contains(subject)) out.Ok(subject, "as it is wanted");
  }
  auto queues = wanted.topology.dead_letter_queues;
  for (const auto& queue : plan.queues) {
    if (!Contains(queues, queue.name)) queues.push_back(queue.name);
  }
  for (const auto& queue : queues) {
    const auto subject = "queue " + queue;
    if (told.contains(subject)) continue;
    const auto depth = facts.depths.find(queue);
    out.Ok(subject, depth == facts.depths.end() ? "as it is wanted" : DepthText(depth->second));
  }
  return out.Take();
}

}  // namespace deadletter::embedded
