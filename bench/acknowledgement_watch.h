// How long deliveries wait for their acknowledgement, told by the bytes between a broker and its
// client.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "tests/support/tcp_gate.h"

namespace deadletter::bench {

// Follows AMQP 0-9-1 on any number of connections, each from its first byte. A delivery begins
// when its method frame has passed, before which nobody can have it, and ends when a basic.ack has
// passed that covers it.
class AcknowledgementWatch {
 public:
  // What passes, in order: the watch of a gate, on whichever thread it has. What is not understood
  // does not throw here: the other two do.
  void See(std::size_t connection, test::Flow flow, std::string_view bytes);

  // Returns when that many deliveries are acknowledged; throws if they are not by then.
  void Await(std::size_t deliveries, std::chrono::seconds limit);
  // Of each delivery, milliseconds, in the order in which they were acknowledged. Throws unless
  // exactly that many passed, each acknowledged, and each once.
  [[nodiscard]] std::vector<double> Took(std::size_t deliveries) const;

 private:
  using Moment = std::chrono::steady_clock::time_point;
  using Channel = std::pair<std::size_t, std::uint16_t>;              // of which connection
  using Tag = std::tuple<std::size_t, std::uint16_t, std::uint64_t>;  // of which channel

  struct Stream {               // one direction of one connection
    bool has_begun = false;     // behind the protocol header
    std::string held;           // the begin of a frame
    std::uint64_t to_skip = 0;  // of a frame that does not matter
  };

  void Read(std::size_t connection, test::Flow flow, std::string_view bytes, Moment now);
  void OnMethod(const Channel& channel, test::Flow flow, std::string_view payload, Moment now);
  void OnDelivery(const Channel& channel, std::uint64_t tag, Moment now);
  void OnAcknowledgement(const Channel& channel, std::uint64_t tag, bool multiple, Moment now);
  void ThrowIfNotUnderstood() const;
  [[nodiscard]] std::string Counts() const;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::pair<std::size_t, test::Flow>, Stream> streams_;
  std::map<Channel, std::uint64_t> last_tags_;
  std::map<Tag, Moment> unacknowledged_;
  std::vector<double> took_;
  std::string not_understood_;
};

}  // namespace deadletter::bench
