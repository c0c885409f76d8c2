// What `deadletter doctor` asks of a SQLite file of ours and of the folder it lies in.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/diagnosis.h"

namespace deadletter::sqlite {

enum class Soundness {
  kSound,
  kDamaged,
  kNotFinished,  // the time was over before it was read to its end
  kNotLooked,    // it could not be opened; `problem` says why
};

struct FileFacts {
  std::string path;
  std::string folder;
  bool folder_exists = false;
  bool folder_writable = false;
  std::optional<std::uint64_t> free_bytes;  // on its disk
  bool exists = false;
  bool readable = false;
  bool writable = false;
  std::uint64_t size_bytes = 0;
  std::string journal_mode;
  Soundness soundness = Soundness::kNotLooked;
  std::string problem;  // what is damaged, or why it could not be looked at
};

// Changes nothing in the file. `limit`: of reading it through.
[[nodiscard]] FileFacts LookAtFile(const std::string& path, std::chrono::milliseconds limit);

// Pure. `name`: "queue file"; `maker`: what makes it where there is none.
[[nodiscard]] std::vector<Diagnosis> JudgeFile(const std::string& name, const std::string& maker,
                                               const FileFacts& facts);

}  // namespace deadletter::sqlite
