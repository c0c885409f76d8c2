#include "tests/support/tls_listener.h"

#include <sys/socket.h>

#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

namespace deadletter::test {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;

TlsListener::TlsListener(TlsListenerOptions options)
    : options_(std::move(options)),
      tls_(asio::ssl::context::tls_server),
      acceptor_(context_, {asio::ip::make_address(options_.address), 0}) {
  tls_.use_certificate_chain_file(options_.certificate);
  tls_.use_private_key_file(options_.key, asio::ssl::context::pem);
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

TlsListener::~TlsListener() {
  thread_.request_stop();
  ::shutdown(acceptor_.native_handle(), SHUT_RDWR);  // ends a wait for a connection
}

void TlsListener::Run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    ErrorCode error;
    Socket socket = acceptor_.accept(error);
    if (error) return;
    ++connections_;
    Serve(std::move(socket), stop);
  }
}

// Whatever goes wrong is the client's to see.
void TlsListener::Serve(Socket socket, const std::stop_token& stop) {
  KeepSilent(options_.silence_before_handshake, stop);
  ErrorCode error;
  asio::ssl::stream<Socket> stream(std::move(socket), tls_);
  stream.handshake(asio::ssl::stream_base::server, error);
  if (error) return;
  std::string request;
  asio::read_until(stream, asio::dynamic_buffer(request), "\r\n\r\n", error);
  if (error) return;
  ++requests_;
  KeepSilent(options_.silence_before_answer, stop);
  const std::string head =
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: " +
      std::to_string(options_.body.size()) + "\r\n\r\n";
  asio::write(stream, asio::buffer(head), error);
  if (!error) asio::write(stream, asio::buffer(options_.body), error);
  if (!error) stream.shutdown(error);
}

void TlsListener::KeepSilent(std::chrono::seconds time, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  silence_.wait_for(lock, stop, time, [] { return false; });
}

}  // namespace deadletter::test
