// Room for the large answers that wait for their readers. Internal to http/.
#pragma once

#include <cstddef>
#include <mutex>

namespace deadletter::http {

// Safe from any thread.
class AnswerRoom {
 public:
  // Holds `after` bytes instead of `before`. False: together with those of others they are more
  // than `most`, and nothing was changed; alone any number may be held.
  [[nodiscard]] bool Change(std::size_t before, std::size_t after, std::size_t most) {
    const std::scoped_lock lock(mutex_);
    const std::size_t others = held_bytes_ - before;
    if (after > before && others != 0 && others + after > most) return false;
    held_bytes_ = others + after;
    return true;
  }
  // The same, and never refused.
  void Set(std::size_t before, std::size_t after) {
    const std::scoped_lock lock(mutex_);
    held_bytes_ = held_bytes_ - before + after;
  }
  [[nodiscard]] std::size_t held_bytes() const {
    const std::scoped_lock lock(mutex_);
    return held_bytes_;
  }

 private:
  mutable std::mutex mutex_;
  std::size_t held_bytes_ = 0;  // guarded by mutex_
};

}  // namespace deadletter::http
