#include "app/bench_scene.h"

#include <utility>

namespace deadletter {

BenchScene::BenchScene(const Config& given, BenchNames names, std::unique_ptr<BenchFolder> folder)
    : names_(std::move(names)),
      folder_(std::move(folder)),
      config_(BenchConfig(given, names_, folder_ ? folder_->path() : "")) {}

Result<std::unique_ptr<BenchScene>> BenchScene::Make(const Config& given, const Clock& clock) {
  BenchNames names = NewBenchNames();
  std::unique_ptr<BenchFolder> folder;
  std::vector<std::string> abandoned;
  if (given.pair == Pair::kEmbedded) {
    const std::string place = PlaceBeside(given.ledger.path);
    abandoned = BenchFolder::RemoveAbandoned(place);
    // Before there was a folder for the ledger, its place was above that.
    const std::string above = PlaceBeside(place);
    if (above != place) {
      const auto more = BenchFolder::RemoveAbandoned(above);
      abandoned.insert(abandoned.end(), more.begin(), more.end());
    }
    auto made = BenchFolder::Make(place, names.folder);
    if (!made) return Unexpected<Error>(made.error());
    folder = std::move(*made);
  }
  std::unique_ptr<BenchScene> scene(new BenchScene(given, std::move(names), std::move(folder)));
  scene->Found("folder", abandoned);
  if (auto built = scene->Build(clock); !built) return Unexpected<Error>(built.error());
  return scene;
}

Result<void> BenchScene::Build(const Clock& clock) {
  auto wiring = Wiring::Open(config_, clock);
  if (!wiring) return Unexpected<Error>(wiring.error());
  wiring_ = std::move(*wiring);

  auto ledger = wiring_->MakeScratchLedger();
  const auto abandoned = ledger->RemoveAbandoned();
  if (!abandoned) return Fail("ledger: " + abandoned.error().message);
  Found("schema", *abandoned);
  ledger_ = std::move(ledger);
  if (const auto made = ledger_->Make(); !made) return Fail("ledger: " + made.error().message);
  const SchemaVerdict schema = CheckSchema(*wiring_->MakeMigrator(), true);
  if (schema.answer != SchemaAnswer::kCurrent) return Fail(schema.message);

  broker_ = wiring_->MakeScratchBroker();
  if (const auto made = broker_->Make(names_.queues); !made)
    return Fail("broker: " + made.error().message);
  return {};
}

BenchScene::~BenchScene() {
  if (!removed_) static_cast<void>(RemoveAll());
}

Result<void> BenchScene::Remove() {
  removed_ = true;
  return RemoveAll();
}

// Each, whatever becomes of the others.
Result<void> BenchScene::RemoveAll() {
  std::string stays;
  const auto note = [&stays](const std::string& what) {
    stays += (stays.empty() ? "" : "; ") + what;
  };
  if (broker_) {
    if (const auto gone = broker_->Remove(names_.queues); !gone) {
      note("the queues " + names_.queues.exchange + ".* stay until the broker lets them expire (" +
           gone.error().message + ")");
    }
  }
  if (ledger_) {
    if (const auto gone = ledger_->Remove(); !gone) {
      note("the schema " + names_.schema + " stays until the next bench, or DROP SCHEMA " +
           names_.schema + " CASCADE (" + gone.error().message + ")");
    }
  }
  broker_.reset();
  ledger_.reset();
  wiring_.reset();  // before the files that it has open
  if (folder_) {
    if (const auto gone = folder_->Remove(); !gone) note(gone.error().message);
  }
  if (stays.empty()) return {};
  return Fail("not everything could be removed: " + stays);
}

void BenchScene::Found(const std::string& what, const std::vector<std::string>& names) {
  for (const std::string& name : names)
    found_.push_back("removed " + what + " " + name + ", which a bench that was killed had left");
}

}  // namespace deadletter
