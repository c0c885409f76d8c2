#include "app/bench_config.h"

#include <utility>

#include "base/uuid.h"
#include "ledger/scratch_ledger.h"

namespace deadletter {
namespace {

// A version 4 UUID ends with twelve digits that are nothing but random.
std::string RandomDigits() {
  const std::string uuid = FormatUuid(RandomUuid());
  return uuid.substr(uuid.size() - static_cast<std::size_t>(kScratchDigits));
}

}  // namespace

BenchNames NewBenchNames() {
  const std::string digits = RandomDigits();
  const std::string base = "deadletter.bench." + digits;
  BenchNames names;
  names.schema = kScratchPrefix + digits;
  names.folder = kBenchFolderPrefix + digits;
  names.queues.exchange = base;
  names.queues.dying_queue = base + ".dying";
  names.queues.letters_queue = base + ".letters";
  names.queues.events_queue = base + ".events";
  return names;
}

Config BenchConfig(Config given, const BenchNames& names, const std::string& folder) {
  Config config = std::move(given);
  config.executions = ExecutionTable();
  if (config.pair == Pair::kEmbedded) {
    config.data_dir = folder;
    config.broker.path = folder + "/queues.sqlite3";
    config.ledger.path = folder + "/ledger.sqlite3";
  } else {
    config.executions.table = names.schema + ".execution";
  }
  config.ledger.schema = names.schema;
  config.ledger.auto_migrate = true;
  config.executions_mode = ExecutionsMode::kFail;
  config.letter = LetterFormat::Default();
  config.topology = TopologyPlan();
  config.queues.resize(1);
  config.queues.front().name = names.queues.letters_queue;
  config.queues.front().optional = false;
  config.events.enabled = true;
  config.events.exchange = names.queues.exchange;
  config.events.routing_key = names.queues.events_queue;
  config.policies.clear();
  return config;
}

}  // namespace deadletter
