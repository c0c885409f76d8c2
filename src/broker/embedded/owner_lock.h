// Which open brokers still live, known to every process on the machine.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"

namespace deadletter::embedded {

// A file beside the queue file, of which each open broker locks the byte at its own number. The
// lock belongs to the open file, not to the process: two brokers in one process have two, and the
// operating system gives them up at the moment their process dies, however it dies. A file removed
// while brokers live costs only this: others take them for dead, and what they hold is delivered
// once more.
//
// Threads: any.
class OwnerLock {
 public:
  [[nodiscard]] static Result<std::unique_ptr<OwnerLock>> Open(const std::string& path);
  ~OwnerLock();
  OwnerLock(const OwnerLock&) = delete;
  OwnerLock& operator=(const OwnerLock&) = delete;

  // Takes the byte of `owner` until this object ends. An error: somebody has it.
  [[nodiscard]] Result<void> Take(std::int64_t owner);
  // True while another OwnerLock holds the byte of `owner`. Where it cannot be found out: true, so
  // that nothing is taken from the living.
  [[nodiscard]] bool IsHeldElsewhere(std::int64_t owner) const;

 private:
  explicit OwnerLock(int file) : file_(file) {}

  int file_;
};

}  // namespace deadletter::embedded
