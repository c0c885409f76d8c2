#include <cstdio>

#include "app/commands.h"
#include "app/wiring.h"

namespace deadletter {

int RunMigrate(const Config& config, const cli::MigrateCommand& command) {
  const SystemClock clock;
  const auto wiring = Wiring::Open(config, clock);
  if (!wiring) return Complain(cli::kExitFailed, "migrate: " + wiring.error().message);
  const auto migrator = (*wiring)->MakeMigrator();
  if (command.print) {
    std::fputs(migrator->Print().c_str(), stdout);
    return cli::kExitDone;
  }
  const auto status = migrator->Status();
  if (!status) return Complain(cli::kExitFailed, "migrate: " + status.error().message);
  if (status->IsNewer()) {
    return Complain(cli::kExitFailed,
                    "migrate: the ledger's schema is version " + std::to_string(status->version) +
                        " and this program knows " + std::to_string(status->wanted) +
                        ": use the newer deadletter");
  }
  const auto migrated = migrator->Migrate();
  if (!migrated) return Complain(cli::kExitFailed, "migrate: " + migrated.error().message);
  for (const std::string& name : *migrated) std::printf("migrated %s\n", name.c_str());
  std::printf("the ledger's schema is version %d\n", status->wanted);
  return cli::kExitDone;
}

}  // namespace deadletter
