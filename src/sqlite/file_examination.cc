#include "sqlite/file_examination.h"

#include <sqlite3.h>
#include <unistd.h>

#include <filesystem>
#include <memory>

#include "sqlite/database.h"

namespace deadletter::sqlite {

namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kBusyLimit{2'000};
constexpr int kInstructionsBetweenLooks = 10'000;
constexpr std::uint64_t kFewFreeBytes = std::uint64_t{256} << 20;
constexpr std::uint64_t kNoFreeBytes = std::uint64_t{16} << 20;
constexpr std::uint64_t kMebibyte = std::uint64_t{1} << 20;

std::string FirstOf(Database& database, const char* sql) {
  auto statement = database.Prepare(sql);
  return statement.Next() ? statement.Text(0) : std::string();
}

// A file in another mode would be switched by whoever opens it to work with it: only looked at.
DatabaseResult<void> AcceptOursOnly(Database& database, FileFacts& facts) {
  auto mode = database.Prepare("PRAGMA journal_mode");
  if (mode.Next()) facts.journal_mode = mode.Text(0);
  if (mode.error()) return Unexpected<DatabaseError>(*mode.error());
  if (facts.journal_mode == "wal") return {};
  return Unexpected<DatabaseError>(
      {SQLITE_NOTADB, "its journal mode is " + facts.journal_mode + ", not wal"});
}

void ReadThrough(Database& database, std::chrono::milliseconds limit, FileFacts& facts) {
  auto deadline = steady_clock::now() + limit;
  sqlite3_progress_handler(
      database.handle(), kInstructionsBetweenLooks,
      [](void* end) {
        return steady_clock::now() >= *static_cast<steady_clock::time_point*>(end) ? 1 : 0;
      },
      &deadline);
  const auto answer = FirstOf(database, "PRAGMA quick_check(1)");
  sqlite3_progress_handler(database.handle(), 0, nullptr, nullptr);
  if (answer == "ok") {
    facts.soundness = Soundness::kSound;
  } else if (answer.empty() && steady_clock::now() >= deadline) {
    facts.soundness = Soundness::kNotFinished;
  } else {
    facts.soundness = Soundness::kDamaged;
    facts.problem = answer.empty() ? "it cannot be read" : answer;
  }
}

std::string InMebibytes(std::uint64_t bytes) {
  if (bytes < kMebibyte) return std::to_string(bytes / 1'024) + " KiB";
  return std::to_string(bytes / kMebibyte) + " MiB";
}

}  // namespace

FileFacts LookAtFile(const std::string& path, std::chrono::milliseconds limit) {
  namespace fs = std::filesystem;
  FileFacts facts;
  facts.path = path;
  const auto folder = fs::path(path).parent_path();
  facts.folder = folder.empty() ? "." : folder.string();
  std::error_code error;
  facts.folder_exists = fs::is_directory(facts.folder, error);
  facts.folder_writable = access(facts.folder.c_str(), W_OK | X_OK) == 0;
  const auto space = fs::space(facts.folder, error);
  if (!error) facts.free_bytes = space.available;
  facts.exists = fs::exists(path, error);
  if (!facts.exists) return facts;
  facts.readable = access(path.c_str(), R_OK) == 0;
  facts.writable = access(path.c_str(), W_OK) == 0;
  const auto size = fs::file_size(path, error);
  if (!error) facts.size_bytes = size;
  if (!facts.readable || !facts.writable || !facts.folder_writable || facts.size_bytes == 0)
    return facts;
  const auto accept = [&](Database& database) { return AcceptOursOnly(database, facts); };
  auto database =
      Database::Open(path, {.busy_timeout = kBusyLimit, .create = false, .accept = accept});
  if (!database) {
    facts.problem = database.error().message;
    if ((database.error().code & 0xff) == SQLITE_CORRUPT) facts.soundness = Soundness::kDamaged;
    return facts;
  }
  ReadThrough(**database, limit, facts);
  return facts;
}

std::vector<Diagnosis> JudgeFile(const std::string& name, const std::string& maker,
                                 const FileFacts& facts) {
  Diagnoses out;
  const auto folder = "folder of the " + name;
  if (!facts.folder_exists) {
    out.Warning(name, facts.path + " does not exist, nor does its folder", maker);
    return out.Take();
  }
  if (!facts.folder_writable) {
    out.Wrong(folder, "we may not write in " + facts.folder,
              "`chown` it to the user that serves, or set data_dir");
  } else if (facts.free_bytes && *facts.free_bytes < kNoFreeBytes) {
    out.Wrong(folder, "only " + InMebibytes(*facts.free_bytes) + " are free in " + facts.folder,
              "make room: on a full disk no letter is taken");
  } else if (facts.free_bytes && *facts.free_bytes < kFewFreeBytes) {
    out.Warning(folder, "only " + InMebibytes(*facts.free_bytes) + " are free in " + facts.folder,
                "make room");
  } else {
    out.Ok(folder, facts.folder + " can be written" +
                       (facts.free_bytes ? ", " + InMebibytes(*facts.free_bytes) + " are free"
                                         : std::string()));
  }
  if (!facts.exists || (facts.readable && facts.size_bytes == 0)) {
    out.Warning(name, facts.path + (facts.exists ? " is empty" : " does not exist"), maker);
  } else if (!facts.readable || !facts.writable) {
    out.Wrong(name, std::string("we may not ") + (facts.readable ? "write " : "read ") + facts.path,
              "`chown` it to the user that serves");
  } else {
    switch (facts.soundness) {
      case Soundness::kSound:
        out.Ok(name, facts.path + " is sound, " + InMebibytes(facts.size_bytes));
        break;
      case Soundness::kNotFinished:
        out.Unknown(
            name,
            facts.path + " is too large to be read through in passing: what was read is sound",
            "stop what uses it, and run `sqlite3 FILE 'PRAGMA integrity_check'`");
        break;
      case Soundness::kDamaged:
        out.Wrong(name, facts.path + " is damaged: " + facts.problem,
                  "stop what uses it, keep a copy, then restore a backup or `sqlite3 FILE "
                  "'.recover'`");
        break;
      case Soundness::kNotLooked:
        out.Wrong(name, facts.path + " cannot be used: " + facts.problem,
                  "is it a file of this program's? Else set broker.url or ledger.url");
        break;
    }
  }
  return out.Take();
}

}  // namespace deadletter::sqlite
