// AMQP as the measurements speak it: rabbitmq-c with thin ownership, and nothing of the product's.
#pragma once

#include <amqp.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace deadletter::bench {

struct DeadLetter {
  std::string_view queue;        // where it died
  std::string_view routing_key;  // what it was sent with
  std::string_view body;
};

// One connection with one channel. Whatever fails throws std::runtime_error. One thread.
class Amqp {
 public:
  explicit Amqp(const std::string& url);
  ~Amqp();
  Amqp(const Amqp&) = delete;
  Amqp& operator=(const Amqp&) = delete;

  // From here on each message is confirmed; returns once all published so far are.
  void ConfirmAll();

  // A persistent JSON message with the headers of a death by TTL, just as the broker writes them:
  // what a queue holds afterwards is what dead lettering would have put there.
  void PublishDeadLetter(const std::string& exchange, const DeadLetter& letter,
                         std::int64_t died_at_seconds);

  [[nodiscard]] std::uint32_t ReadyMessages(const std::string& queue);

  void Consume(const std::string& queue, std::uint16_t prefetch);
  void Acknowledge(std::uint64_t tag, bool and_all_before);

  // Calls `take` with the tag and body of each message until it answers false. `keep_body` false:
  // bodies are received and thrown away. `gather`: sleeps a millisecond where nothing is buffered,
  // so that one read brings many messages.
  void Receive(const std::function<bool(std::uint64_t tag, std::string_view body)>& take,
               bool keep_body, bool gather);

  // The next message of what is consumed; nothing where none comes for so long.
  struct Message {
    std::uint64_t tag = 0;
    std::string body;
  };
  [[nodiscard]] std::optional<Message> ReceiveOne(std::chrono::milliseconds patience);

 private:
  void Check(int status, const char* doing) const;
  void CheckAnswer(const char* doing) const;
  void AwaitConfirms();

  amqp_connection_state_t state_;
  std::uint64_t published_ = 0;
  std::set<std::uint64_t> unconfirmed_;  // confirms may come in any order
  bool confirms_ = false;
};

}  // namespace deadletter::bench
