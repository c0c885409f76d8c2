// One connection's bytes, in the clear or through TLS; the rest of the server need not know which.
// Internal to http/.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <cstddef>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace deadletter::http {

// I/O thread only. What Beast reads from and writes to (an AsyncStream), with the time limits of a
// beast::tcp_stream.
class Stream {
 public:
  using TcpStream = boost::beast::tcp_stream;
  using TlsStream = boost::beast::ssl_stream<TcpStream>;
  using executor_type = TcpStream::executor_type;
  using Done = std::move_only_function<void(boost::system::error_code, std::size_t)>;

  // `tls` null: in the clear. It outlives the stream.
  Stream(boost::asio::ip::tcp::socket socket, boost::asio::ssl::context* tls) {
    if (tls == nullptr) {
      clear_.emplace(std::move(socket));
    } else {
      tls_.emplace(std::move(socket), *tls);
    }
  }

  [[nodiscard]] bool IsEncrypted() const { return tls_.has_value(); }
  // The connection itself: its socket, its time limit.
  [[nodiscard]] TcpStream& tcp() { return tls_ ? tls_->next_layer() : *clear_; }
  // Only where it is encrypted: for the handshake and for its end.
  [[nodiscard]] TlsStream& tls() { return *tls_; }

  [[nodiscard]] executor_type get_executor() { return tcp().get_executor(); }

  // Beast's operations are instantiated over this class alone, and not once more over each of the
  // two below it: what they pass is brought to one type here. Handlers run on get_executor().
  template <class Buffers, class Handler>
  void async_read_some(const Buffers& buffers, Handler&& handler) {
    std::vector<boost::asio::mutable_buffer> pieces(boost::asio::buffer_sequence_begin(buffers),
                                                    boost::asio::buffer_sequence_end(buffers));
    Read(std::move(pieces), Done(std::forward<Handler>(handler)));
  }

  template <class Buffers, class Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    std::vector<boost::asio::const_buffer> pieces(boost::asio::buffer_sequence_begin(buffers),
                                                  boost::asio::buffer_sequence_end(buffers));
    Write(std::move(pieces), Done(std::forward<Handler>(handler)));
  }

 private:
  void Read(std::vector<boost::asio::mutable_buffer> buffers, Done done);
  void Write(std::vector<boost::asio::const_buffer> buffers, Done done);

  std::optional<TcpStream> clear_;
  std::optional<TlsStream> tls_;
};

}  // namespace deadletter::http
