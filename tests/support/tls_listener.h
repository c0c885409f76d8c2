// A small HTTPS server of a test's own, for what no real one can be made to do: be silent, answer
// too late or too much, or show its certificate under a name that is not in it.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace deadletter::test {

struct TlsListenerOptions {
  std::string certificate;  // files
  std::string key;
  std::string address = "127.0.0.1";
  std::string body = "{}";  // of each answer, which is a 200
  // Before the handshake, or before the answer, so long: whoever has no limit of his own gets the
  // answer after all.
  std::chrono::seconds silence_before_handshake{0};
  std::chrono::seconds silence_before_answer{0};
};

// One connection at a time, one request each. It ends, in the middle of a silence too, with the
// object.
class TlsListener {
 public:
  explicit TlsListener(TlsListenerOptions options);  // throws where it cannot listen
  ~TlsListener();
  TlsListener(const TlsListener&) = delete;
  TlsListener& operator=(const TlsListener&) = delete;

  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  [[nodiscard]] int connections() const { return connections_; }
  // That were read: who refuses the certificate has sent none.
  [[nodiscard]] int requests() const { return requests_; }

 private:
  using Socket = boost::asio::ip::tcp::socket;

  void Run(const std::stop_token& stop);
  void Serve(Socket socket, const std::stop_token& stop);
  void KeepSilent(std::chrono::seconds time, const std::stop_token& stop);

  TlsListenerOptions options_;
  boost::asio::io_context context_;
  boost::asio::ssl::context tls_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::atomic<int> connections_ = 0;
  std::atomic<int> requests_ = 0;
  std::mutex mutex_;
  std::condition_variable_any silence_;
  std::jthread thread_;
};

}  // namespace deadletter::test
