// A folder for a measurement on embedded files: known to live by a lock, and gone with its owner.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace deadletter {

// Where to make one, so that it is on the same disk as the file: in the file's folder; where that
// is not there yet, in the nearest one above it that is.
[[nodiscard]] std::string PlaceBeside(const std::string& file);

class BenchFolder {
 public:
  // The error says what could not be made, and where.
  [[nodiscard]] static Result<std::unique_ptr<BenchFolder>> Make(const std::string& place,
                                                                 const std::string& name);
  // Those in `place` whose owners are dead, by their names; removed.
  [[nodiscard]] static std::vector<std::string> RemoveAbandoned(const std::string& place);
  ~BenchFolder();  // with everything in it
  BenchFolder(const BenchFolder&) = delete;
  BenchFolder& operator=(const BenchFolder&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] Result<void> Remove();

 private:
  BenchFolder(std::string path, int folder) : path_(std::move(path)), folder_(folder) {}

  const std::string path_;
  const int folder_;  // open and locked: the lock goes with the process
};

}  // namespace deadletter
