#include "bench/cpu.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace deadletter::bench {
namespace {

struct Stat {
  pid_t parent = 0;
  std::int64_t own_ticks = 0;
  std::int64_t collected_ticks = 0;  // of children that ended
};

Stat Read(const std::filesystem::path& folder) {
  std::ifstream file(folder / "stat");
  std::string text;
  std::getline(file, text);
  Stat stat;
  const auto name_end = text.rfind(')');
  if (name_end == std::string::npos) return stat;  // it ended meanwhile
  std::istringstream fields(text.substr(name_end + 2));
  std::string skipped;
  std::int64_t user = 0;
  std::int64_t system = 0;
  std::int64_t children_user = 0;
  std::int64_t children_system = 0;
  fields >> skipped >> stat.parent;
  for (int i = 0; i < 9; ++i) fields >> skipped;
  fields >> user >> system >> children_user >> children_system;
  stat.own_ticks = user + system;
  stat.collected_ticks = children_user + children_system;
  return stat;
}

std::int64_t ToMicroseconds(std::int64_t ticks) {
  return ticks * (1'000'000 / sysconf(_SC_CLK_TCK));
}

}  // namespace

std::int64_t CpuMicroseconds(pid_t pid) {
  return ToMicroseconds(Read("/proc/" + std::to_string(pid)).own_ticks);
}

std::int64_t CpuMicrosecondsWithChildren(pid_t pid) {
  const Stat parent = Read("/proc/" + std::to_string(pid));
  std::int64_t ticks = parent.own_ticks + parent.collected_ticks;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    if (entry.path().filename().string().find_first_not_of("0123456789") != std::string::npos)
      continue;
    const Stat child = Read(entry.path());
    if (child.parent == pid) ticks += child.own_ticks;
  }
  return ToMicroseconds(ticks);
}

std::int64_t PeakResidentKib(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("VmHWM:")) return std::stoll(line.substr(6));
  }
  return 0;
}

}  // namespace deadletter::bench
