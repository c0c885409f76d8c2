// Everything that is served, one row a call: what docs/http-api.md and openapi.json describe.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "http/message.h"
#include "operations/operations.h"
#include "operations/parameter.h"
#include "operations/role.h"
#include "telemetry/health.h"
#include "telemetry/metrics.h"

namespace deadletter::http {

// A request that was let in.
struct Call {
  Caller caller;                      // of a route without a role: nobody
  std::vector<std::string> names;     // what stands where the path has {…}, in order
  std::vector<Parameter> parameters;  // of the query
  std::string body;
};

struct Route {
  std::string method;        // GET, which answers HEAD too, or POST
  std::string path;          // below the base path: "/v1/letters/{id}"
  std::optional<Role> role;  // that the caller must have; none: no token is asked for
  bool asks_ledger = true;   // may wait, and is not for the thread that holds the sockets
  bool counts = true;        // against the limit of its caller's requests
  std::function<Response(const Call&)> answer;
};

// What answers tell of the server.
struct ServerFacts {
  std::string pair_name;
  std::string base_path = "/";
};

// `operations`, `health` and `metrics` outlive them.
[[nodiscard]] std::vector<Route> MakeRoutes(Operations& operations, const Health& health,
                                            const Metrics& metrics, ServerFacts facts);

// A part of them: routes_groups.cc.
void AddGroupRoutes(std::vector<Route>& routes, Operations& operations);

}  // namespace deadletter::http
