// Which open brokers still live, known to every process on the machine.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "base/result.h"

namespace deadletter::embedded {

// How long the living have to find out that the file was removed, and to lock their bytes in the
// one that was made in its place. Many times their look interval.
inline constexpr std::chrono::seconds kTimeToNotice{5};

[[nodiscard]] inline std::string OwnersFileOf(const std::string& queue_file) {
  return queue_file + "-owners";
}

// A file beside the queue file, of which each open broker locks the byte at its own number. The
// lock belongs to the open file, not to the process: two brokers in one process have two, and the
// operating system gives them up at the moment their process dies, however it dies.
//
// Somebody may remove that file. Then whoever comes next makes another, in which the living are not
// known yet; they look, again and again, whether theirs is still the current one. A file made in
// place of another says so by its size, one byte, and for kTimeToNotice nobody judges by it.
//
// Threads: any.
class OwnerLock {
 public:
  // Makes the file where there is none. `owners_before`: somebody else may hold the queue file
  // open, so that a file which is made now is made in place of another. Within a write to the queue
  // file, so that whoever comes next sees a file that was made as it is to be.
  [[nodiscard]] static Result<std::unique_ptr<OwnerLock>> Open(const std::string& path,
                                                               bool owners_before = false);
  // Only to look who lives; makes nothing. Null: there is no such file, and nobody lives.
  [[nodiscard]] static Result<std::unique_ptr<OwnerLock>> OpenToLook(const std::string& path);
  ~OwnerLock();
  OwnerLock(const OwnerLock&) = delete;
  OwnerLock& operator=(const OwnerLock&) = delete;

  // Whether this is still the file at its path.
  [[nodiscard]] bool IsCurrent() const;
  // Whether all who live are known by this file; to be asked after looking who is.
  [[nodiscard]] bool KnowsTheLiving() const;

  // Takes the byte of `owner` until this object ends. An error: somebody has it.
  [[nodiscard]] Result<void> Take(std::int64_t owner);
  // True while another OwnerLock holds the byte of `owner`. Where it cannot be found out: true, so
  // that nothing is taken from the living.
  [[nodiscard]] bool IsHeldElsewhere(std::int64_t owner) const;

 private:
  OwnerLock(int file, std::string path) : file_(file), path_(std::move(path)) {}

  const int file_;
  const std::string path_;
};

// Opens the owners file of `queue_file` and takes the byte of `owner` there.
[[nodiscard]] Result<std::unique_ptr<OwnerLock>> TakePlace(const std::string& queue_file,
                                                           std::int64_t owner, bool owners_before);

}  // namespace deadletter::embedded
