#include <cstdio>

#include "app/commands.h"
#include "app/json_text.h"
#include "app/wiring.h"

namespace deadletter {

namespace {

void PrintMigrated(const std::vector<std::string>& names, int version, cli::OutputFormat output) {
  if (output == cli::OutputFormat::kTable) {
    for (const std::string& name : names) std::printf("migrated %s\n", name.c_str());
    std::printf("the ledger's schema is version %d\n", version);
    return;
  }
  std::string migrated;
  for (const std::string& name : names) migrated += (migrated.empty() ? "" : ",") + JsonText(name);
  std::printf("{\"migrated\":[%s],\"version\":%d}\n", migrated.c_str(), version);
}

}  // namespace

int RunMigrate(const Config& config, const cli::MigrateCommand& command, cli::OutputFormat output) {
  const SystemClock clock;
  const auto wiring = Wiring::Open(config, clock);
  if (!wiring) return Complain(cli::kExitFailed, "migrate: " + wiring.error().message);
  const auto migrator = (*wiring)->MakeMigrator();
  if (command.print) {
    const std::string sql = migrator->Print();
    if (output == cli::OutputFormat::kJson) {
      std::printf("{\"sql\":%s}\n", JsonText(sql).c_str());
    } else {
      std::fputs(sql.c_str(), stdout);
    }
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
  PrintMigrated(*migrated, status->wanted, output);
  return cli::kExitDone;
}

}  // namespace deadletter
