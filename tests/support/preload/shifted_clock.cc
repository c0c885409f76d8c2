// The time of day, moved for one program while it runs (LD_PRELOAD): the system's, and as many
// seconds more as the file SHIFTED_CLOCK_BY holds, eight bytes that whoever started the program
// changes when they like.
//
// clock_gettime(CLOCK_REALTIME) is where libstdc++'s system_clock and everything that we link ask.
// Nothing here allocates or looks symbols up: the sanitizers' own runtime asks for the time in the
// middle of an allocation.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <ctime>

namespace {

const std::atomic<std::int64_t>* MapShift() {
  const char* const path = getenv("SHIFTED_CLOCK_BY");
  const int file = path == nullptr ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  void* const memory =
      file < 0 ? MAP_FAILED : mmap(nullptr, sizeof(std::int64_t), PROT_READ, MAP_SHARED, file, 0);
  // A test that proves nothing is worse than one that ends.
  if (memory == MAP_FAILED) abort();
  close(file);
  return static_cast<const std::atomic<std::int64_t>*>(memory);
}

std::int64_t Shift() {
  static std::atomic<const std::atomic<std::int64_t>*> mapped = nullptr;
  const auto* shift = mapped.load();
  if (shift == nullptr) mapped.store(shift = MapShift());  // at worst twice
  return shift->load();
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  const auto status = static_cast<int>(syscall(SYS_clock_gettime, clock, time));
  if (status == 0 && clock == CLOCK_REALTIME) time->tv_sec += Shift();
  return status;
}

int gettimeofday(timeval* time, void* /*zone*/) noexcept {
  timespec exact{};
  const int status = clock_gettime(CLOCK_REALTIME, &exact);
  time->tv_sec = exact.tv_sec;
  time->tv_usec = exact.tv_nsec / 1000;
  return status;
}

time_t time(time_t* result) noexcept {
  timespec exact{};
  clock_gettime(CLOCK_REALTIME, &exact);
  if (result != nullptr) *result = exact.tv_sec;
  return exact.tv_sec;
}
}
