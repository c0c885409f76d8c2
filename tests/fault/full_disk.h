// A disk that has no room for certain files, when a test says so (tests/support/preload).
#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "tests/folders.h"
#include "tests/support/temporary_folder.h"

namespace deadletter::test {

class FullDisk {
 public:
  // Files whose path contains `files`.
  explicit FullDisk(std::string files) : files_(std::move(files)) {
    namespace fs = std::filesystem;
    // Whoever runs the program in question must be able to read them.
    fs::permissions(folder_.path(), fs::perms(0755));
    fs::copy_file(DEADLETTER_BINARY_DIR "/tests/deadletter_full_disk.so", library_);
    fs::permissions(library_, fs::perms(0755));
  }

  // For the program that is to meet it.
  [[nodiscard]] std::map<std::string, std::string> Environment() const {
    return {{"LD_PRELOAD", library_}, {"FULL_DISK_OF", files_}, {"FULL_DISK_WHEN", flag_}};
  }
  void Fill() const { std::ofstream file(flag_); }
  void MakeRoom() const { std::filesystem::remove(flag_); }

 private:
  const std::string files_;
  const TemporaryFolder folder_;
  const std::string library_ = folder_ / "full_disk.so";
  const std::string flag_ = folder_ / "full";
};

}  // namespace deadletter::test
