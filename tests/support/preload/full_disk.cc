// Loaded into a program before the C library (LD_PRELOAD), it lets certain files grow no more
// while a flag stands: the calls answer ENOSPC, as on a disk without room. What is there may be
// overwritten, as on a real one. Needs no privileges, and a test says when there is room again.
//
//   FULL_DISK_OF    files whose path contains it
//   FULL_DISK_WHEN   the flag: a file that exists
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

template <class Function>
Function* Real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

bool IsFull() {
  static const char* const flag = std::getenv("FULL_DISK_WHEN");
  return flag != nullptr && access(flag, F_OK) == 0;
}

// Whether the file would have to grow to that size, and may not.
bool IsRefused(int descriptor, off_t size) {
  const int before = errno;
  static const char* const files = std::getenv("FULL_DISK_OF");
  struct stat file{};
  bool refused = false;
  if (files != nullptr && IsFull() && fstat(descriptor, &file) == 0 && S_ISREG(file.st_mode) &&
      size > file.st_size) {
    char link[64];
    char name[PATH_MAX];
    std::snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    const ssize_t length = readlink(link, name, sizeof name - 1);
    if (length > 0) name[length] = '\0';
    refused = length > 0 && std::strstr(name, files) != nullptr;
  }
  errno = refused ? ENOSPC : before;
  return refused;
}

off_t Total(const iovec* pieces, int count) {
  std::size_t total = 0;
  for (int piece = 0; piece < count; ++piece) total += pieces[piece].iov_len;
  return static_cast<off_t>(total);
}

}  // namespace

extern "C" {

ssize_t write(int descriptor, const void* bytes, size_t count) {
  static auto* const real = Real<ssize_t(int, const void*, size_t)>("write");
  const off_t at = IsFull() ? lseek(descriptor, 0, SEEK_CUR) : -1;
  if (at >= 0 && IsRefused(descriptor, at + static_cast<off_t>(count))) return -1;
  return real(descriptor, bytes, count);
}

ssize_t pwrite64(int descriptor, const void* bytes, size_t count, off64_t at) {
  static auto* const real = Real<ssize_t(int, const void*, size_t, off64_t)>("pwrite64");
  if (IsRefused(descriptor, at + static_cast<off_t>(count))) return -1;
  return real(descriptor, bytes, count, at);
}

ssize_t pwrite(int descriptor, const void* bytes, size_t count, off_t at) {
  return pwrite64(descriptor, bytes, count, at);
}

ssize_t pwritev64(int descriptor, const iovec* pieces, int count, off64_t at) {
  static auto* const real = Real<ssize_t(int, const iovec*, int, off64_t)>("pwritev64");
  if (IsRefused(descriptor, at + Total(pieces, count))) return -1;
  return real(descriptor, pieces, count, at);
}

ssize_t pwritev(int descriptor, const iovec* pieces, int count, off_t at) {
  return pwritev64(descriptor, pieces, count, at);
}

int ftruncate64(int descriptor, off64_t size) noexcept {
  static auto* const real = Real<int(int, off64_t)>("ftruncate64");
  return IsRefused(descriptor, size) ? -1 : real(descriptor, size);
}

int ftruncate(int descriptor, off_t size) noexcept {
  return ftruncate64(descriptor, size);
}

int fallocate64(int descriptor, int mode, off64_t at, off64_t size) {
  static auto* const real = Real<int(int, int, off64_t, off64_t)>("fallocate64");
  return IsRefused(descriptor, at + size) ? -1 : real(descriptor, mode, at, size);
}

int fallocate(int descriptor, int mode, off_t at, off_t size) {
  return fallocate64(descriptor, mode, at, size);
}

int posix_fallocate64(int descriptor, off64_t at, off64_t size) {
  static auto* const real = Real<int(int, off64_t, off64_t)>("posix_fallocate64");
  return IsRefused(descriptor, at + size) ? ENOSPC : real(descriptor, at, size);
}

int posix_fallocate(int descriptor, off_t at, off_t size) {
  return posix_fallocate64(descriptor, at, size);
}

}  // extern "C"
