// One connection to a RabbitMQ: opened, kept, taken apart; every answer of the client library
// turned into our errors.
#pragma once

#include <amqp.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "broker/broker_error.h"
#include "broker/rabbitmq/interrupter.h"
#include "broker/rabbitmq/options.h"
#include "broker/rabbitmq/url.h"

namespace deadletter::rabbitmq {

using std::chrono::milliseconds;

// Of one URL: for reaching it, once its name is resolved. That takes as long as the system's
// resolver takes, and nothing ends it.
inline constexpr milliseconds kConnectLimit{4'000};
// Of one request, and of a login: a broker that writes much to a slow disk may need seconds for it.
inline constexpr milliseconds kAnswerLimit{10'000};

// What we ask the broker to cut its frames to. A header cannot be cut, and dying makes it grow: the
// broker sends it in one frame however long, so what we read may be longer: ten thousand deaths
// under the longest names fit.
inline constexpr int kFrameBytesAsked = 131'072;
inline constexpr int kFrameBytesRead = 8 << 20;

enum class Direction { kReceiving, kSending };

// A request that the broker answered with an error, or did not answer.
struct RequestError {
  BrokerError error;
  int reply_code = 0;           // AMQP's, 0 where there was no answer
  bool channel_closed = false;  // only the channel is gone, the connection stays
};

template <class T>
using RequestResult = Result<T, RequestError>;

// What the broker sent next. Good until the next call on the connection.
struct Frame {
  amqp_frame_t raw;

  [[nodiscard]] bool IsMethod(amqp_method_number_t id) const {
    return raw.frame_type == AMQP_FRAME_METHOD && raw.payload.method.id == id;
  }
  template <class Method>
  [[nodiscard]] const Method& Decoded() const {
    return *static_cast<const Method*>(raw.payload.method.decoded);
  }
};

// Threads: one at a time, with a stack as IoThread has it.
class Connection {
 public:
  // Tries the URLs in turn, beginning with number `first`, until `give_up` says so. The error is
  // that of the last one tried. A receiving connection must publish nothing: it accepts longer
  // frames than the broker would take from us. `interrupter` watches the socket from before the
  // login on, and is the caller's to forget it.
  [[nodiscard]] static BrokerResult<std::unique_ptr<Connection>> Open(
      const Options& options, Direction direction, Interrupter& interrupter, std::size_t first = 0,
      const std::function<bool()>& give_up = [] { return false; });
  // The same, for who need not be interrupted.
  [[nodiscard]] static BrokerResult<std::unique_ptr<Connection>> Open(const Options& options,
                                                                      Direction direction);
  ~Connection();  // closes in order where the connection still lives
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  [[nodiscard]] amqp_connection_state_t state() const { return state_.get(); }
  [[nodiscard]] int Socket() const { return amqp_get_sockfd(state_.get()); }
  [[nodiscard]] std::size_t url_index() const { return url_index_; }
  [[nodiscard]] const Endpoint& endpoint() const { return endpoint_; }
  [[nodiscard]] const std::string& broker_version() const { return broker_version_; }
  [[nodiscard]] bool blocked() const { return blocked_; }  // the broker is short of memory or disk
  [[nodiscard]] std::size_t largest_header() const {
    return largest_header_;
  }  // that one frame of ours may hold

  // The next frame of a channel; nothing when none came within `wait`. Serves heartbeats, and the
  // connection's own channel 0. An error means that the connection is gone.
  [[nodiscard]] BrokerResult<std::optional<Frame>> Next(milliseconds wait);
  // For when nothing is to be read: the library would send heartbeats only while it reads.
  [[nodiscard]] BrokerResult<void> SendHeartbeat();
  // Memory of frames that were used up; after it no Frame of that channel is good any more.
  void Release(amqp_channel_t channel);

  // The first one opened is the one whose long frames give their memory back (see ReadLongFrames).
  [[nodiscard]] RequestResult<void> OpenChannel(amqp_channel_t channel);
  void CloseChannel(amqp_channel_t channel);
  // Answers a channel.close that came by itself.
  RequestError AnswerChannelClose(amqp_channel_t channel, const amqp_channel_close_t& close,
                                  std::string_view doing);

  // What became of the last request of the library's. On a closed channel it answers the close.
  [[nodiscard]] RequestResult<void> LastAnswer(amqp_channel_t channel, std::string_view doing);
  [[nodiscard]] RequestResult<void> Answer(const amqp_rpc_reply_t& reply, amqp_channel_t channel,
                                           std::string_view doing);
  // An error of the library's; from here on the connection counts as gone.
  [[nodiscard]] BrokerError Lost(int status, std::string_view doing);

  // Passive declarations, each on a channel of its own, which nothing else uses (AskChannel).
  [[nodiscard]] BrokerResult<bool> ExchangeExists(const std::string& exchange);
  struct QueueDepth {
    std::uint32_t messages = 0;
    std::uint32_t consumers = 0;
  };
  [[nodiscard]] BrokerResult<std::optional<QueueDepth>> FindQueue(const std::string& queue);

 private:
  struct StateDeleter {
    void operator()(amqp_connection_state_t state) const { amqp_destroy_connection(state); }
  };
  using State = std::unique_ptr<amqp_connection_state_t_, StateDeleter>;

  Connection(State state, Direction direction, Endpoint endpoint, std::size_t url_index);
  [[nodiscard]] static BrokerResult<std::unique_ptr<Connection>> OpenOne(
      const Options& options, Direction direction, Interrupter& interrupter, std::size_t url_index,
      const std::function<bool()>& give_up);
  [[nodiscard]] BrokerResult<void> Connect(const Options& options);
  [[nodiscard]] BrokerResult<void> LogIn(const Options& options);
  void ReadLongFrames();
  [[nodiscard]] BrokerResult<void> OnConnectionMethod(const Frame& frame);
  [[nodiscard]] BrokerError ConnectionClosed(const amqp_connection_close_t& close,
                                             std::string_view doing);

  State state_;
  Direction direction_;
  Endpoint endpoint_;
  std::size_t url_index_;
  std::string broker_version_;
  std::size_t largest_header_ = 0;
  bool blocked_ = false;
  bool alive_ = false;
};

inline constexpr amqp_channel_t kMainChannel = 1;
inline constexpr amqp_channel_t kAskChannel = 2;

[[nodiscard]] inline amqp_bytes_t Bytes(std::string_view text) {
  return {text.size(), const_cast<char*>(text.data())};
}
[[nodiscard]] inline std::string_view View(const amqp_bytes_t& bytes) {
  return {static_cast<const char*>(bytes.bytes), bytes.len};
}

}  // namespace deadletter::rabbitmq
