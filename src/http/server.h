// The HTTP server: /healthz, /readyz, /metrics and /v1. One thread holds every socket; a few more
// ask the ledger, so that a slow ledger never keeps /healthz waiting; and what waits for work to
// come does so on threads of its own.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "http/rate_limiter.h"
#include "operations/operations.h"
#include "operations/tokens.h"
#include "operations/work.h"
#include "telemetry/health.h"
#include "telemetry/metrics.h"

namespace deadletter::http {

// Every limit has a unit in its name (P9).
struct ServerLimits {
  std::uint32_t max_header_bytes = 16 * 1024;  // request line included
  std::uint64_t max_body_bytes = 1024 * 1024;
  // Of all requests whose bodies are on their way or being answered, small ones not counted: beyond
  // it 503. One larger body passes alone.
  std::size_t max_request_bytes = std::size_t{16} << 20;
  // Of all answers that wait for their readers, small ones not counted: beyond it 503. One larger
  // answer passes alone.
  std::size_t max_answer_bytes = std::size_t{128} << 20;
  std::size_t max_connections = 256;
  // Answers that are made while they are sent (exports): beyond it 503.
  std::size_t max_streams = 2;
  // Who follow the events: beyond it 503.
  std::size_t max_event_streams = 32;
  // Of those, with one token, or where there are none from one address: beyond it 429.
  std::size_t max_event_streams_per_caller = 8;
  std::chrono::milliseconds event_interval{1'000};    // between two looks at what there is to tell
  std::chrono::milliseconds event_heartbeat{15'000};  // where there is nothing
  // For a whole request to arrive, the wait for it included, and for each part of an answer, an
  // event included, to be taken.
  std::chrono::milliseconds client_timeout{10'000};
  std::size_t worker_threads = 2;
  // Calls that wait for something to come, each on a thread of its own: beyond it 503.
  std::size_t max_waiting_calls = 64;
  RateLimit rate = {};  // of each token, or of each address where there is none: beyond it 429
};

struct ServerOptions {
  // An IP address or "localhost"; without tokens one of loopback.
  std::string host = "127.0.0.1";
  std::uint16_t port = 8025;    // 0: any free one, see Server::port()
  std::string base_path = "/";  // everything is served below it
  std::string pair_name = {};   // what /readyz calls the pair that the service runs on
  Tokens* tokens = nullptr;     // outlive the server; null: there are none
  Work* work = nullptr;         // outlives the server; null: there is none over HTTP on this pair
  // Both or none; none: HTTP in the clear. PEM.
  std::string tls_certificate_file = {};
  std::string tls_key_file = {};
  ServerLimits limits = {};
};

class Server {
 public:
  // `operations`, `health` and `metrics` outlive the server.
  Server(ServerOptions options, Operations& operations, const Health& health,
         const Metrics& metrics);
  ~Server();  // stops
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Listens and serves on threads of its own. Fails where the address is not ours to use; the error
  // says which.
  [[nodiscard]] Result<void> Start();

  // Takes no new requests, ends waits for work and whoever follows the events, answers what is in
  // hand, and returns when every thread has ended. It waits for ledger calls in progress
  // (Operations::Close() and Work::Close() end them), and for slow clients one second. A second
  // call does nothing.
  void Stop();

  // The port that is listened on; 0 before Start().
  [[nodiscard]] std::uint16_t port() const;

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace deadletter::http
