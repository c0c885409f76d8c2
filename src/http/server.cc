#include "http/server.h"

#include <fmt/format.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <thread>

#include "http/feed_json.h"
#include "http/readiness.h"
#include "http/session.h"
#include "http/tls_context.h"
#include "telemetry/log.h"

namespace deadletter::http {
namespace {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;
using asio::ip::tcp;

constexpr std::chrono::milliseconds kAcceptPause{100};
constexpr std::chrono::seconds kDrainLimit{1};
// Connections beyond the limit that are still told so; more than these are closed without a word.
constexpr std::size_t kRefusedConnections = 64;

Result<tcp::endpoint> EndpointOf(const ServerOptions& options) {
  ErrorCode error;
  const auto address =
      asio::ip::make_address(options.host == "localhost" ? "127.0.0.1" : options.host, error);
  if (options.tokens == nullptr && (error || !address.is_loopback())) {
    return Fail(fmt::format(
        "http.listen: '{}' is no loopback address: without tokens (auth.tokens_file) only "
        "127.0.0.1, [::1] or localhost may be listened on",
        options.host));
  }
  if (error) return Fail(fmt::format("http.listen: '{}' is no IP address", options.host));
  return tcp::endpoint(address, options.port);
}

}  // namespace

class Server::Core {
 public:
  Core(ServerOptions options, Operations& operations, const Health& health, const Metrics& metrics)
      : options_(std::move(options)),
        operations_(operations),
        health_(health),
        metrics_(metrics),
        work_(asio::make_work_guard(context_)),
        workers_(options_.limits.worker_threads),
        feed_({.counts = [this] { return CountsJson(metrics_.Show()); },
               .health = [this] { return ReadinessJson(health_, options_.pair_name); },
               .replays =
                   [this](const auto& known) { return operations_.ReplaysAsTheyStand(known); }},
              context_, workers_, options_.limits.event_interval) {
    sessions_.limits = options_.limits;
    sessions_.feed = &feed_;
    sessions_.on_empty = [this] { drain_limit_.cancel(); };
  }

  Result<void> Start();
  void Stop();
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  Result<void> Listen(const tcp::endpoint& endpoint);
  void Accept();
  void OnAccepted(ErrorCode error, tcp::socket socket);
  void StopAccepting();
  void FinishSessions();
  void ServeSockets();

  const ServerOptions options_;
  Operations& operations_;
  const Health& health_;
  const Metrics& metrics_;
  std::uint16_t port_ = 0;
  bool running_ = false;

  Sessions sessions_;  // outlives the context, whose handlers hold the last sessions
  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  asio::steady_timer drain_limit_{context_};
  asio::steady_timer accept_pause_{context_};
  tcp::acceptor acceptor_{context_};
  asio::thread_pool workers_;
  Feed feed_;
  std::thread io_;
};

Result<void> Server::Core::Start() {
  const auto endpoint = EndpointOf(options_);
  if (!endpoint) return Unexpected<Error>(endpoint.error());
  if (!options_.tls_certificate_file.empty()) {
    auto tls = MakeTlsContext(options_.tls_certificate_file, options_.tls_key_file);
    if (!tls) return Unexpected<Error>(tls.error());
    sessions_.tls = std::move(*tls);
  }
  if (auto listening = Listen(*endpoint); !listening) return listening;
  port_ = acceptor_.local_endpoint().port();
  sessions_.router = std::make_unique<Router>(RouterOptions{.host = options_.host,
                                                            .port = port_,
                                                            .base_path = options_.base_path,
                                                            .pair_name = options_.pair_name,
                                                            .tokens = options_.tokens,
                                                            .rate_limit = options_.limits.rate,
                                                            .encrypted = sessions_.tls != nullptr,
                                                            .work = options_.work},
                                              operations_, health_, metrics_);
  Accept();
  io_ = std::thread([this] { ServeSockets(); });
  running_ = true;
  return {};
}

// A session that throws is let go by what threw, and its connection closes; the others stay.
void Server::Core::ServeSockets() {
  while (true) {
    try {
      context_.run();
      return;
    } catch (const std::exception& error) {
      LogError("http_session_failed", {{"error", error.what()}});
    }
  }
}

Result<void> Server::Core::Listen(const tcp::endpoint& endpoint) {
  ErrorCode error;
  const auto failed = [&] {
    return Fail(fmt::format(
        "cannot listen on {}:{}: {}; is another deadletter running, or choose another address with "
        "http.listen",
        options_.host, options_.port, error.message()));
  };
  if (acceptor_.open(endpoint.protocol(), error)) return failed();
  if (acceptor_.set_option(tcp::acceptor::reuse_address(true), error)) return failed();
  if (acceptor_.bind(endpoint, error)) return failed();
  if (acceptor_.listen(asio::socket_base::max_listen_connections, error)) return failed();
  return {};
}

void Server::Core::Accept() {
  acceptor_.async_accept(
      [this](ErrorCode error, tcp::socket socket) { OnAccepted(error, std::move(socket)); });
}

void Server::Core::OnAccepted(ErrorCode error, tcp::socket socket) {
  if (sessions_.draining) return;
  if (error) {
    // Out of file descriptors, most likely: it does not help to ask again at once.
    LogWarning("http_accept_failed", {{"error", error.message()}});
    accept_pause_.expires_after(kAcceptPause);
    accept_pause_.async_wait([this](ErrorCode cancelled) {
      if (!cancelled) Accept();
    });
    return;
  }
  Accept();  // first, so that a session that cannot be made is the only one lost
  const std::size_t open = sessions_.all.size();
  const std::size_t limit = options_.limits.max_connections;
  if (open < limit + kRefusedConnections) {
    std::make_shared<Session>(std::move(socket), sessions_, workers_, open >= limit)->Run();
  }
}

void Server::Core::StopAccepting() {
  ErrorCode ignored;
  (void)acceptor_.close(ignored);
  accept_pause_.cancel();
  // A session that closes may end at once and leave the set.
  const std::vector<Session*> sessions(sessions_.all.begin(), sessions_.all.end());
  for (Session* session : sessions) session->Drain();
}

void Server::Core::FinishSessions() {
  work_.reset();
  if (sessions_.all.empty()) return;
  drain_limit_.expires_after(kDrainLimit);
  drain_limit_.async_wait([this](ErrorCode cancelled) {
    if (cancelled) return;
    const std::vector<Session*> sessions(sessions_.all.begin(), sessions_.all.end());
    for (Session* session : sessions) session->Close();
  });
}

void Server::Core::Stop() {
  if (!running_) return;
  running_ = false;
  sessions_.draining = true;
  asio::post(context_, [this] { StopAccepting(); });
  workers_.join();
  sessions_.waiters.Join();
  asio::post(context_, [this] { FinishSessions(); });
  io_.join();
}

Server::Server(ServerOptions options, Operations& operations, const Health& health,
               const Metrics& metrics)
    : core_(std::make_unique<Core>(std::move(options), operations, health, metrics)) {}
Server::~Server() {
  Stop();
}
Result<void> Server::Start() {
  return core_->Start();
}
void Server::Stop() {
  core_->Stop();
}
std::uint16_t Server::port() const {
  return core_->port();
}

}  // namespace deadletter::http
