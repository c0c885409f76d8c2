#include "broker/embedded/owner_lock.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

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

}  // namespace

Result<std::unique_ptr<OwnerLock>> OwnerLock::Open(const std::string& path) {
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file < 0) return Fail("open " + path + ": " + std::strerror(errno));
  return std::unique_ptr<OwnerLock>(new OwnerLock(file));
}

OwnerLock::~OwnerLock() {
  close(file_);
}

Result<void> OwnerLock::Take(std::int64_t owner) {
  auto lock = ByteOf(owner);
  if (fcntl(file_, F_OFD_SETLK, &lock) == 0) return {};
  return Fail("lock the place of broker " + std::to_string(owner) + ": " + std::strerror(errno));
}

bool OwnerLock::IsHeldElsewhere(std::int64_t owner) const {
  auto lock = ByteOf(owner);
  return fcntl(file_, F_OFD_GETLK, &lock) != 0 || lock.l_type != F_UNLCK;
}

}  // namespace deadletter::embedded
