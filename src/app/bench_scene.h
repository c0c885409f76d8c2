// What a measurement works on: made beside everything of the user's, and removed again.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/bench_config.h"
#include "app/bench_folder.h"
#include "app/wiring.h"

namespace deadletter {

class BenchScene {
 public:
  // Removes first what benches that were killed have left, where nobody can be using it. After an
  // error nothing of this one is left. `clock` must outlive it.
  [[nodiscard]] static Result<std::unique_ptr<BenchScene>> Make(const Config& given,
                                                                const Clock& clock);
  ~BenchScene();  // as Remove(), if that was not called
  BenchScene(const BenchScene&) = delete;
  BenchScene& operator=(const BenchScene&) = delete;

  // Whatever was made of the wiring must be gone. The error says what stays, and what to do.
  [[nodiscard]] Result<void> Remove();

  [[nodiscard]] const Config& config() const { return config_; }
  [[nodiscard]] const Wiring& wiring() const { return *wiring_; }
  [[nodiscard]] const ScratchPlan& queues() const { return names_.queues; }
  [[nodiscard]] ScratchLedger& ledger() { return *ledger_; }
  // What was found of others and removed, in a line each.
  [[nodiscard]] const std::vector<std::string>& found() const { return found_; }

 private:
  BenchScene(const Config& given, BenchNames names, std::unique_ptr<BenchFolder> folder);
  [[nodiscard]] Result<void> Build(const Clock& clock);
  [[nodiscard]] Result<void> RemoveAll();
  void Found(const std::string& what, const std::vector<std::string>& names);

  const BenchNames names_;
  std::unique_ptr<BenchFolder> folder_;  // null: the pair is servers
  const Config config_;
  std::vector<std::string> found_;
  std::unique_ptr<Wiring> wiring_;
  std::unique_ptr<ScratchBroker> broker_;  // null until it was called
  std::unique_ptr<ScratchLedger> ledger_;  // null until it was called
  bool removed_ = false;
};

}  // namespace deadletter
