// Everything that is served, one row a call: what docs/http-api.md and openapi.json describe.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "http/message.h"
#include "operations/operations.h"
#include "operations/parameter.h"
#include "operations/role.h"
#include "operations/work.h"
#include "telemetry/health.h"
#include "telemetry/metrics.h"

namespace deadletter::http {

// A request that was let in.
struct Call {
  Caller caller;                      // of a route without a role: nobody
  std::vector<std::string> names;     // what stands where the path has {…}, in order
  std::vector<Parameter> parameters;  // of the query
  std::string body;
  std::vector<std::string> idempotency_keys;  // as they were sent
  std::stop_token gone;  // requested: nobody waits for the answer any more, or the server stops
  std::optional<Following> following;  // of a route that is followed
  KeepRoom keep_room;                  // of Request
};

// Where an answer is made.
enum class MadeBy {
  kSockets,  // the thread that holds the sockets: it never waits
  kLedger,   // one of the few threads that ask the ledger
  kWaiting,  // one of those that may wait for long until something comes
};

struct Route {
  std::string method;        // GET, which answers HEAD too, or POST
  std::string path;          // below the base path: "/v1/letters/{id}"
  std::optional<Role> role;  // that the caller must have; none: no token is asked for
  MadeBy made_by = MadeBy::kLedger;
  bool counts = true;        // against the limit of its caller's requests
  bool is_followed = false;  // it goes on, for as long as the caller may be there
  bool takes_key = false;    // an Idempotency-Key; every other POST refuses one
  std::function<Response(const Call&)> answer;
};

// What answers tell of the server.
struct ServerFacts {
  std::string pair_name;
  std::string base_path = "/";
};

// `operations`, `health`, `metrics` and `work` outlive them. `work` null: on this pair there is
// none over HTTP, and its calls say so.
[[nodiscard]] std::vector<Route> MakeRoutes(Operations& operations, const Health& health,
                                            const Metrics& metrics, ServerFacts facts,
                                            Work* work = nullptr);

// A part of them: routes_groups.cc.
void AddGroupRoutes(std::vector<Route>& routes, Operations& operations);

}  // namespace deadletter::http
