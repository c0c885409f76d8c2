#include "broker/embedded/owner_lock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>

namespace deadletter::embedded {

namespace {

struct flock ByteOf(std::int64_t owner) {
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = owner;
  lock.l_len = 1;
  return lock;
}

Unexpected<Error> CannotOpen(const std::string& path) {
  return Fail("open " + path + ": " + std::strerror(errno));
}

}  // namespace

Result<std::unique_ptr<OwnerLock>> OwnerLock::Open(const std::string& path, bool owners_before) {
  int file = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  const bool made = file >= 0;
  if (!made && errno == EEXIST) file = open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (file < 0) return CannotOpen(path);
  std::unique_ptr<OwnerLock> lock(new OwnerLock(file, path));
  // A hole: it needs no room on a disk that is full.
  if (made && owners_before && ftruncate(file, 1) != 0) return CannotOpen(path);
  return lock;
}

Result<std::unique_ptr<OwnerLock>> OwnerLock::OpenToLook(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0 && errno == ENOENT) return nullptr;
  if (file < 0) return CannotOpen(path);
  return std::unique_ptr<OwnerLock>(new OwnerLock(file, path));
}

OwnerLock::~OwnerLock() {
  close(file_);
}

bool OwnerLock::IsCurrent() const {
  struct stat mine{};
  struct stat current{};
  return fstat(file_, &mine) == 0 && stat(path_.c_str(), &current) == 0 &&
         mine.st_dev == current.st_dev && mine.st_ino == current.st_ino;
}

bool OwnerLock::KnowsTheLiving() const {
  struct stat mine{};
  if (!IsCurrent() || fstat(file_, &mine) != 0) return false;
  if (mine.st_size == 0) return true;
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  // Made in the future: the clock was set back since. Nobody may be stuck until then.
  const std::chrono::seconds age(now.tv_sec - mine.st_mtim.tv_sec);
  return age < std::chrono::seconds(0) || age > kTimeToNotice;
}

Result<void> OwnerLock::Take(std::int64_t owner) {
  auto lock = ByteOf(owner);
  if (fcntl(file_, F_OFD_SETLK, &lock) == 0) return {};
  return Fail("lock the place of broker " + std::to_string(owner) + ": " + std::strerror(errno));
}

Result<std::unique_ptr<OwnerLock>> TakePlace(const std::string& queue_file, std::int64_t owner,
                                             bool owners_before) {
  auto lock = OwnerLock::Open(OwnersFileOf(queue_file), owners_before);
  if (!lock) return lock;
  if (auto taken = (*lock)->Take(owner); !taken) return Unexpected<Error>(taken.error());
  return lock;
}

bool OwnerLock::IsHeldElsewhere(std::int64_t owner) const {
  auto lock = ByteOf(owner);
  return fcntl(file_, F_OFD_GETLK, &lock) != 0 || lock.l_type != F_UNLCK;
}

}  // namespace deadletter::embedded
