#include "broker/rabbitmq/io_thread.h"

#include <exception>
#include <stdexcept>
#include <utility>

namespace deadletter::rabbitmq {

IoThread::IoThread(std::size_t stack_bytes) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  const int sized = pthread_attr_setstacksize(&attributes, stack_bytes);
  const int created =
      sized == 0 ? pthread_create(&thread_, &attributes, &IoThread::Main, this) : sized;
  pthread_attr_destroy(&attributes);
  if (created != 0) throw std::runtime_error("cannot start a thread for the broker's connection");
}

IoThread::~IoThread() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  pthread_join(thread_, nullptr);
}

void* IoThread::Main(void* self) {
  static_cast<IoThread*>(self)->Loop();
  return nullptr;
}

void IoThread::Loop() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || task_ != nullptr; });
    if (task_ == nullptr) return;
    const auto* task = std::exchange(task_, nullptr);
    lock.unlock();
    std::exception_ptr thrown;
    try {
      (*task)();
    } catch (...) {
      thrown = std::current_exception();
    }
    lock.lock();
    thrown_ = thrown;
    done_ = true;
    changed_.notify_all();
  }
}

void IoThread::RunTask(std::chrono::milliseconds limit, const std::function<void()>& interrupt,
                       const std::function<void()>& task) {
  std::unique_lock lock(mutex_);
  task_ = &task;
  done_ = false;
  changed_.notify_all();
  if (!changed_.wait_for(lock, limit, [this] { return done_; })) {
    lock.unlock();
    interrupt();
    lock.lock();
    changed_.wait(lock, [this] { return done_; });
  }
  if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
}

}  // namespace deadletter::rabbitmq
