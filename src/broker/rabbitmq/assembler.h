// Puts a message together from the frames in which it comes: a method, a header, any number of
// bodies.
#pragma once

#include <amqp.h>

#include <cstdint>
#include <optional>
#include <string>

#include "broker/rabbitmq/connection.h"
#include "letter/message.h"

namespace deadletter::rabbitmq {

struct Assembled {
  std::uint64_t delivery_number = 0;  // 0: returned to us, not delivered
  bool redelivered = false;
  std::string exchange;
  std::string routing_key;
  std::string return_text;  // why it was returned
  Message message;
};

class Assembler {
 public:
  // Takes the next frame of the channel. Gives the message once it is whole; other methods than the
  // three that begin one are passed over. An error: the stream makes no sense any more.
  [[nodiscard]] BrokerResult<std::optional<Assembled>> Add(const Frame& frame);
  void BeginGot(const amqp_basic_get_ok_t& got);
  void Reset();
  // A letter was announced, and its header has not come yet.
  [[nodiscard]] bool AwaitsHeader() const { return awaiting_ == Awaiting::kHeader; }

 private:
  [[nodiscard]] BrokerResult<std::optional<Assembled>> AddHeader(const amqp_frame_t& frame);
  [[nodiscard]] BrokerResult<std::optional<Assembled>> AddBody(const amqp_frame_t& frame);
  void Begin(std::uint64_t number, bool redelivered, const amqp_bytes_t& exchange,
             const amqp_bytes_t& key);
  [[nodiscard]] std::optional<Assembled> IfWhole();

  enum class Awaiting { kMethod, kHeader, kBody };
  Awaiting awaiting_ = Awaiting::kMethod;
  std::uint64_t body_size_ = 0;
  Assembled message_;
};

// The header under which headers that nobody could decode are kept, whole.
inline constexpr std::string_view kUndecodedHeaders = "deadletter-undecoded-properties";

}  // namespace deadletter::rabbitmq
