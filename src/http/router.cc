#include "http/router.h"

#include <algorithm>

#include "http/problem.h"
#include "http/readiness.h"

namespace deadletter::http {
namespace {

constexpr std::size_t kMaxQuotedBytes = 200;

Answer Now(Response response) {
  return {.make = [response = std::move(response)] { return response; }};
}

Response FromOperation(OperationResult<std::string> result, std::string content_type) {
  if (!result) return ProblemFrom(result.error());
  return {.content_type = std::move(content_type), .body = std::move(*result)};
}

Response Json(OperationResult<std::string> result) {
  return FromOperation(std::move(result), "application/json");
}

// Bytes of unknown origin: saved, never shown or guessed at.
Response Download(OperationResult<std::string> result, const std::string& id) {
  const bool found = result.has_value();
  Response response = FromOperation(std::move(result), "application/octet-stream");
  // Found, so `id` is a UUID: nothing in it needs quoting.
  if (found)
    response.headers.emplace_back("Content-Disposition", "attachment; filename=\"" + id + ".bin\"");
  return response;
}

std::vector<std::string> Segments(const std::string& base_path) {
  std::vector<std::string> segments = ParseTarget(base_path).value_or(Target{}).path;
  if (!segments.empty() && segments.back().empty()) segments.pop_back();
  return segments;
}

bool IsRead(const std::string& method) {
  return method == "GET" || method == "HEAD";
}

Response MethodNotAllowed(const std::string& method) {
  Response response =
      Problem(405, "only GET and HEAD are allowed here, not " + method.substr(0, kMaxQuotedBytes));
  response.headers.emplace_back("Allow", "GET, HEAD");
  return response;
}

}  // namespace

Router::Router(RouterOptions options, Operations& operations, const Health& health,
               const Metrics& metrics)
    : guard_(options.host, options.port),
      base_path_(Segments(options.base_path)),
      pair_name_(std::move(options.pair_name)),
      operations_(operations),
      health_(health),
      metrics_(metrics) {}

Answer Router::Route(const Request& request) const {
  if (auto refusal = guard_.Refuse(request)) return Now(std::move(*refusal));
  auto target = ParseTarget(request.target);
  if (!target) return Now(Problem(400, target.error().message));
  Answer answer = Find(*target);
  if (!answer.make) {
    const std::string path = request.target.substr(0, request.target.find('?'));
    return Now(Problem(404, "nothing is at " + path.substr(0, kMaxQuotedBytes)));
  }
  if (!IsRead(request.method)) return Now(MethodNotAllowed(request.method));
  return answer;
}

Answer Router::Find(const Target& target) const {
  Target below = target;
  const auto [base, path] =
      std::mismatch(base_path_.begin(), base_path_.end(), below.path.begin(), below.path.end());
  if (base != base_path_.end()) return {};
  below.path.erase(below.path.begin(), path);
  if (below.path == std::vector<std::string>{"healthz"}) {
    return Now({.content_type = "application/json", .body = R"({"alive":true})"});
  }
  if (below.path == std::vector<std::string>{"readyz"}) {
    return {.make = [this] { return Readiness(health_, pair_name_); }};
  }
  if (below.path == std::vector<std::string>{"metrics"}) {
    return {.make = [this] {
      return Response{.content_type = "text/plain; version=0.0.4; charset=utf-8",
                      .body = metrics_.Expose()};
    }};
  }
  return FindLetters(below);
}

Answer Router::FindLetters(const Target& target) const {
  const auto& path = target.path;
  if (path.size() < 2 || path.size() > 4 || path[0] != "v1" || path[1] != "letters") return {};
  if (path.size() == 2) {
    return {.asks_ledger = true, .make = [this, parameters = target.parameters] {
              return Json(operations_.ListLetters(parameters));
            }};
  }
  if (path.size() == 4 && path[3] != "body") return {};
  if (!target.parameters.empty()) return Now(Problem(400, "one letter takes no parameters"));
  if (path.size() == 3) {
    return {.asks_ledger = true,
            .make = [this, id = path[2]] { return Json(operations_.ShowLetter(id)); }};
  }
  return {.asks_ledger = true,
          .make = [this, id = path[2]] { return Download(operations_.LetterBody(id), id); }};
}

}  // namespace deadletter::http
