// A file that exists in memory only, for what is read by its path.
#pragma once

#include <string>
#include <string_view>

namespace deadletter::fuzz {

class MemoryFile {
 public:
  MemoryFile();
  ~MemoryFile();
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  void Write(std::string_view bytes);  // in place of what was there
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  int file_;
  std::string path_;
};

}  // namespace deadletter::fuzz
