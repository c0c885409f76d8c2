// A folder for one input, in memory where the machine has such a place: a fuzzer makes hundreds a
// second.
#pragma once

#include <filesystem>
#include <string>

namespace deadletter::fuzz {

class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace deadletter::fuzz
