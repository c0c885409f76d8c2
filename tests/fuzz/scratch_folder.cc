#include "tests/fuzz/scratch_folder.h"

#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace deadletter::fuzz {

ScratchFolder::ScratchFolder() {
  const std::filesystem::path memory = "/dev/shm";
  const bool is_there = std::filesystem::is_directory(memory);
  const auto parent = is_there ? memory : std::filesystem::temp_directory_path();
  std::string name = (parent / "deadletter-fuzz-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr)
    throw std::system_error(errno, std::generic_category(), "a folder for one input");
  path_ = name;
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace deadletter::fuzz
