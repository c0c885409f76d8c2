// Which request is answered by what.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "http/loopback_guard.h"
#include "http/message.h"
#include "http/target.h"
#include "operations/operations.h"
#include "telemetry/health.h"
#include "telemetry/metrics.h"

namespace deadletter::http {

struct Answer {
  bool asks_ledger =
      false;  // true: `make` may wait, and is not for the thread that holds the sockets
  std::function<Response()> make;
};

struct RouterOptions {
  std::string host;
  std::uint16_t port = 0;
  std::string base_path;
  std::string pair_name;
};

// Safe from any thread.
class Router {
 public:
  Router(RouterOptions options, Operations& operations, const Health& health,
         const Metrics& metrics);

  // Total: every request has an answer. HEAD is answered as GET; the caller leaves the body out.
  [[nodiscard]] Answer Route(const Request& request) const;

 private:
  // The answers below the base path; `make` is empty where nothing is there.
  [[nodiscard]] Answer Find(const Target& target) const;
  [[nodiscard]] Answer FindLetters(const Target& target) const;

  const LoopbackGuard guard_;
  const std::vector<std::string> base_path_;
  const std::string pair_name_;
  Operations& operations_;
  const Health& health_;
  const Metrics& metrics_;
};

}  // namespace deadletter::http
