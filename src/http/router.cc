#include "http/router.h"

#include <algorithm>
#include <utility>

#include "http/idempotency_key.h"
#include "http/problem.h"

namespace deadletter::http {
namespace {

constexpr std::size_t kMaxQuotedBytes = 200;

Answer Now(Response response) {
  return {.make = [response = std::move(response)] { return response; }};
}

std::vector<std::string> Segments(const std::string& path) {
  std::vector<std::string> segments = ParseTarget(path).value_or(Target{}).path;
  if (!segments.empty() && segments.back().empty()) segments.pop_back();
  return segments;
}

// "/v1/letters/{id}" without its names.
std::vector<std::string> Pattern(const std::string& path) {
  std::vector<std::string> segments = Segments(path);
  for (std::string& segment : segments) {
    if (segment.starts_with('{')) segment.clear();
  }
  return segments;
}

bool Fits(const std::vector<std::string>& pattern, const std::vector<std::string>& path) {
  return std::ranges::equal(pattern, path, [](const auto& wanted, const auto& segment) {
    return wanted.empty() || wanted == segment;
  });
}

bool Answers(const Route& route, std::string_view method) {
  return route.method == method || (route.method == "GET" && method == "HEAD");
}

// What needs a token does not tell without one what is there and what is not.
bool NeedsToken(const std::vector<std::string>& path) {
  return !path.empty() && path.front() == "v1";
}

Response NotFound(const Request& request) {
  const std::string path = request.target.substr(0, request.target.find('?'));
  return Problem(404, "nothing is at " + path.substr(0, kMaxQuotedBytes));
}

Response MethodNotAllowed(const std::vector<std::string>& methods, const std::string& method) {
  std::string words;
  std::string list;
  for (const std::string& allowed : methods) {
    words += (words.empty() ? "" : " and ") + allowed;
    list += (list.empty() ? "" : ", ") + allowed;
  }
  Response response = Problem(405, "only " + words + (methods.size() == 1 ? " is" : " are") +
                                       " allowed here, not " + method.substr(0, kMaxQuotedBytes));
  response.headers.emplace_back("Allow", list);
  return response;
}

}  // namespace

Router::Router(RouterOptions options, Operations& operations, const Health& health,
               const Metrics& metrics)
    : gate_(LoopbackGuard(options.host, options.port, options.encrypted), options.tokens,
            options.rate_limit),
      base_path_(Segments(options.base_path)) {
  ServerFacts facts{.pair_name = std::move(options.pair_name), .base_path = options.base_path};
  for (http::Route& route :
       MakeRoutes(operations, health, metrics, std::move(facts), options.work)) {
    std::vector<std::string> path = Pattern(route.path);
    places_.push_back({std::move(path), std::move(route)});
  }
}

bool Router::TakeBase(Target& target) const {
  const auto [base, path] =
      std::mismatch(base_path_.begin(), base_path_.end(), target.path.begin(), target.path.end());
  if (base != base_path_.end()) return false;
  target.path.erase(target.path.begin(), path);
  return true;
}

std::vector<const Router::Place*> Router::Find(const std::vector<std::string>& path) const {
  std::vector<const Place*> found;
  for (const Place& place : places_) {
    if (Fits(place.path, path)) found.push_back(&place);
  }
  return found;
}

Answer Router::Route(Request request) {
  if (auto refusal = gate_.RefuseForm(request)) return Now(std::move(*refusal));
  auto target = ParseTarget(request.target);
  if (!target) return Now(Problem(400, target.error().message));
  const bool is_below = TakeBase(*target);
  const auto found = is_below ? Find(target->path) : std::vector<const Place*>();
  const bool counts = found.empty() || found.front()->route.counts;
  Call call;
  if (is_below && NeedsToken(target->path)) {
    auto caller = gate_.Identify(request);
    if (!caller) return Now(std::move(caller.error()));
    call.caller = std::move(*caller);
  } else if (counts) {
    if (auto flood = gate_.RefuseFlood(request)) return Now(std::move(*flood));
  }
  if (found.empty()) return Now(NotFound(request));
  std::vector<std::string> methods;
  for (const Place* place : found) {
    if (Answers(place->route, request.method)) {
      for (std::size_t at = 0; at < place->path.size(); ++at) {
        if (place->path[at].empty()) call.names.push_back(std::move(target->path[at]));
      }
      call.parameters = std::move(target->parameters);
      call.body = std::move(request.body);
      call.idempotency_keys = std::move(request.idempotency_keys);
      call.gone = std::move(request.gone);
      if (place->route.is_followed)
        call.following =
            gate_.MayStay(request, call.caller, place->route.role.value_or(Role::kViewer));
      call.keep_room = std::move(request.keep_room);
      return Admitted(place->route, std::move(call));
    }
    methods.push_back(place->route.method);
    if (place->route.method == "GET") methods.emplace_back("HEAD");
  }
  return Now(MethodNotAllowed(methods, request.method));
}

Answer Router::Admitted(const http::Route& route, Call call) const {
  if (route.role) {
    if (auto refusal = Gate::RefuseRole(call.caller, *route.role)) return Now(std::move(*refusal));
  }
  // Here and not in each route: a new one that forgot it would do things twice.
  if (route.method == "POST" && !route.takes_key) {
    if (const auto none = RefuseIdempotencyKey(call.idempotency_keys); !none)
      return Now(ProblemFrom(none.error()));
  }
  return {.made_by = route.made_by,
          .make = [&route, call = std::move(call)] { return route.answer(call); }};
}

}  // namespace deadletter::http
