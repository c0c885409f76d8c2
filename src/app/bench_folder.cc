#include "app/bench_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <regex>

#include "app/bench_config.h"
#include "ledger/scratch_ledger.h"

namespace deadletter {
namespace {

// Written once the lock is held. Who finds it in a folder that nobody has locked knows that the
// owner is dead, and not only about to take the lock.
constexpr const char* kMark = "made-by-deadletter-bench";

bool LooksLikeOurs(const std::string& name) {
  static const std::regex kName(std::string(kBenchFolderPrefix) + "[0-9a-f]{" +
                                std::to_string(kScratchDigits) + "}");
  return std::regex_match(name, kName);
}

int OpenFolder(const std::string& path) {
  return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

bool IsMarked(int folder) {
  struct stat mark{};
  return ::fstatat(folder, kMark, &mark, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(mark.st_mode);
}

bool WriteMark(int folder) {
  const int mark = ::openat(folder, kMark, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  return mark >= 0 && ::close(mark) == 0;
}

Unexpected<Error> CannotMake(const std::string& path) {
  return Fail("cannot make the folder " + path + ": " + std::strerror(errno) +
              "; bench makes one beside the ledger's file, on the same disk: let this user write "
              "there, or pass --data-dir");
}

}  // namespace

std::string PlaceBeside(const std::string& file) {
  std::error_code ignored;
  std::filesystem::path place = std::filesystem::absolute(file, ignored).parent_path();
  while (!std::filesystem::is_directory(place, ignored) && place.has_relative_path())
    place = place.parent_path();
  return place.lexically_normal().string();
}

Result<std::unique_ptr<BenchFolder>> BenchFolder::Make(const std::string& place,
                                                       const std::string& name) {
  const std::string path = (std::filesystem::path(place) / name).string();
  if (::mkdir(path.c_str(), 0700) != 0) return CannotMake(path);
  const int opened = OpenFolder(path);
  if (opened < 0) {
    const auto failed = CannotMake(path);
    ::rmdir(path.c_str());
    return failed;
  }
  std::unique_ptr<BenchFolder> folder(new BenchFolder(path, opened));
  if (::flock(opened, LOCK_EX | LOCK_NB) != 0 || !WriteMark(opened)) return CannotMake(path);
  return folder;
}

std::vector<std::string> BenchFolder::RemoveAbandoned(const std::string& place) {
  std::vector<std::string> removed;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(place, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string path = entry->path().string();
    if (!LooksLikeOurs(entry->path().filename().string())) continue;
    const int folder = OpenFolder(path);
    if (folder < 0) continue;
    std::error_code failed;
    if (IsMarked(folder) && ::flock(folder, LOCK_EX | LOCK_NB) == 0) {
      std::filesystem::remove_all(path, failed);
      if (!failed) removed.push_back(path);
    }
    ::close(folder);
  }
  return removed;
}

BenchFolder::~BenchFolder() {
  static_cast<void>(Remove());
  ::close(folder_);
}

Result<void> BenchFolder::Remove() {
  std::error_code error;
  std::filesystem::remove_all(path_, error);
  if (error) return Fail("cannot remove the folder " + path_ + ": " + error.message());
  return {};
}

}  // namespace deadletter
