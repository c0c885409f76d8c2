#include "http/waiters.h"

#include <utility>

namespace deadletter::http {

bool Waiters::Run(std::function<void()> work, std::size_t most) {
  const std::scoped_lock lock(mutex_);
  if (ended_) return false;
  // First the thread: where it cannot be had nothing was promised.
  if (free_ <= work_.size() && threads_.size() < most) threads_.emplace_back([this] { Serve(); });
  work_.push_back(std::move(work));
  wanted_.notify_one();
  return true;
}

void Waiters::Serve() {
  std::unique_lock lock(mutex_);
  while (true) {
    ++free_;
    wanted_.wait(lock, [this] { return ended_ || !work_.empty(); });
    --free_;
    if (work_.empty()) return;
    std::function<void()> work = std::move(work_.front());
    work_.pop_front();
    lock.unlock();
    work();
    work = nullptr;  // and what it holds, before the next one is waited for
    lock.lock();
  }
}

void Waiters::Join() {
  {
    const std::scoped_lock lock(mutex_);
    ended_ = true;
    wanted_.notify_all();
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace deadletter::http
