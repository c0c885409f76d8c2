// A gate in the road of TCP connections: clients connect to it, it connects to the server, and the
// test says what becomes of the bytes between.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace deadletter::test {

enum class Flow { kToServer, kToClient };
enum class GateSide { kClient, kServer };

struct GateCounts {
  std::size_t connections = 0;        // accepted since the gate stands
  std::size_t open = 0;               // of those, the ones that have not ended
  std::size_t cut = 0;                // of those, the ones that the gate ended
  std::uint64_t bytes_to_server = 0;  // taken from clients, forwarded or not
  std::uint64_t bytes_to_client = 0;
};

// It has a thread of its own. Every call comes from any thread and has taken effect when it
// returns; what cannot be done throws. With the gate end all its connections.
class TcpGate {
 public:
  // Is shown all bytes as they are read, each once and in the order of its direction, before any of
  // them is forwarded, also those that never will be. Connections are numbered from 1 as they are
  // accepted. Called on the gate's thread only, which forwards nothing meanwhile: it may not call
  // the gate, and may not throw. Not called any more once the gate is destroyed.
  using Watch = std::function<void(std::size_t connection, Flow flow, std::string_view bytes)>;

  // To a server on 127.0.0.1, which need not be there yet: who connects meanwhile is reset.
  explicit TcpGate(std::uint16_t server_port, Watch watch = nullptr);
  ~TcpGate();
  TcpGate(const TcpGate&) = delete;
  TcpGate& operator=(const TcpGate&) = delete;

  // On 127.0.0.1, the same for as long as the gate stands.
  [[nodiscard]] std::uint16_t port() const;
  // `url` with the gate's port in place of the server's.
  [[nodiscard]] std::string Through(const std::string& url) const;

  // What becomes of bytes from now on, on connections that stand and on new ones.
  void Pass();  // at once, in both directions; what was held or delayed goes on
  void Hold();  // nothing is forwarded and nothing lost: senders wait when the buffers are full
  // A black hole: takes all, forwards nothing. A connection that lost a byte, or an end, so, or
  // that was opened meanwhile, stays silent for good, also after Pass().
  void Drop();
  void Delay(std::chrono::milliseconds each);  // every piece of at most 64 KiB
  void Slow(std::size_t bytes_per_second);     // each direction of each connection

  // Ends all connections that stand, now; new ones are taken.
  void Cut();    // in order, as far as TCP lets one: FIN
  void Reset();  // RST
  // Forwards exactly that many further bytes in that direction, of all connections together, and
  // cuts the one on which the last of them went, in the middle of whatever it was. Needs Pass().
  void CutAfter(Flow flow, std::uint64_t bytes);
  // Closes that side of all connections that stand; the other is never told, and hears nothing
  // more.
  void HalfOpen(GateSide closed);

  void Refuse();  // new connections, as where nobody listens; those that stand are left alone
  void Accept();  // new connections again
  // New connections go to another server from now on.
  void Redirect(std::uint16_t server_port);

  [[nodiscard]] GateCounts counts() const;

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

// The port that a URL names.
[[nodiscard]] std::uint16_t PortOf(const std::string& url);

}  // namespace deadletter::test
