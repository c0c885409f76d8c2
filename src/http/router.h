// Which request is answered by what.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "http/gate.h"
#include "http/message.h"
#include "http/routes.h"
#include "http/target.h"
#include "operations/operations.h"
#include "operations/tokens.h"
#include "operations/work.h"
#include "telemetry/health.h"
#include "telemetry/metrics.h"

namespace deadletter::http {

struct Answer {
  MadeBy made_by = MadeBy::kSockets;
  std::function<Response()> make;
};

struct RouterOptions {
  std::string host;
  std::uint16_t port = 0;
  std::string base_path;
  std::string pair_name;
  Tokens* tokens = nullptr;  // null: there are none, and everybody on this machine may do all
  RateLimit rate_limit = {};
  bool encrypted = false;  // the server speaks HTTPS
  Work* work = nullptr;    // null: there is none over HTTP on this pair
};

// Safe from any thread.
class Router {
 public:
  Router(RouterOptions options, Operations& operations, const Health& health,
         const Metrics& metrics);

  // Total: every request has an answer. HEAD is answered as GET; the caller leaves the body out.
  [[nodiscard]] Answer Route(Request request);

 private:
  struct Place {
    std::vector<std::string> path;  // "" stands for any name
    http::Route route;
  };

  // The path below the base path; false where it is not below it.
  [[nodiscard]] bool TakeBase(Target& target) const;
  // Those that are at `path`, whatever their method.
  [[nodiscard]] std::vector<const Place*> Find(const std::vector<std::string>& path) const;
  [[nodiscard]] Answer Admitted(const http::Route& route, Call call) const;

  Gate gate_;
  const std::vector<std::string> base_path_;
  std::vector<Place> places_;
};

}  // namespace deadletter::http
