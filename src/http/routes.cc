#include "http/routes.h"

#include <utility>

#include "http/openapi.h"
#include "http/problem.h"
#include "http/readiness.h"
#include "http/work_routes.h"

namespace deadletter::http {
namespace {

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

Response Created(OperationResult<std::string> result) {
  Response response = Json(std::move(result));
  if (response.status == 200) response.status = 201;
  return response;
}

Response TakesNoParameters() {
  return Problem(400, "nothing but a body is taken here");
}

void AddWatching(std::vector<Route>& routes, const Health& health, const Metrics& metrics,
                 std::string pair_name) {
  routes.push_back({.method = "GET",
                    .path = "/healthz",
                    .role = std::nullopt,
                    .made_by = MadeBy::kSockets,
                    .counts = false,
                    .answer = [](const Call&) -> Response {
                      return {.content_type = "application/json", .body = R"({"alive":true})"};
                    }});
  routes.push_back({.method = "GET",
                    .path = "/readyz",
                    .role = std::nullopt,
                    .made_by = MadeBy::kSockets,
                    .answer = [&health, pair_name = std::move(pair_name)](const Call&) {
                      return Readiness(health, pair_name);
                    }});
  routes.push_back({.method = "GET",
                    .path = "/metrics",
                    .role = std::nullopt,
                    .made_by = MadeBy::kSockets,
                    .answer = [&metrics](const Call&) -> Response {
                      return {.content_type = "text/plain; version=0.0.4; charset=utf-8",
                              .body = metrics.Expose()};
                    }});
}

Response Export(Operations& operations, const Call& call) {
  auto exported = operations.ExportLetters(call.parameters, call.caller);
  if (!exported) return ProblemFrom(exported.error());
  Response response{.content_type = "application/x-ndjson", .body = std::move(exported->lines)};
  response.headers.emplace_back("Content-Disposition", "attachment; filename=\"letters.jsonl\"");
  if (!exported->more) return response;
  response.more = [more = std::move(exported->more)]() -> Result<std::optional<std::string>> {
    auto part = more();
    if (!part) return Fail(part.error().message);
    return std::move(*part);
  };
  return response;
}

// Made once: it is the same as long as the program runs.
void AddDocument(std::vector<Route>& routes, std::string_view base_path) {
  routes.push_back(
      {.method = "GET",
       .path = "/v1/openapi.json",
       .role = Role::kViewer,
       .made_by = MadeBy::kSockets,
       .answer = [document = OpenApiDocument(base_path)](const Call& call) -> Response {
         if (!call.parameters.empty()) return Problem(400, "the document takes no parameters");
         return {.content_type = "application/json", .body = document};
       }});
}

// What is in it is the session's business: it comes from the feed, one for all.
void AddEvents(std::vector<Route>& routes) {
  routes.push_back({.method = "GET",
                    .path = "/v1/events",
                    .role = Role::kViewer,
                    .made_by = MadeBy::kSockets,
                    .is_followed = true,
                    .answer = [](const Call& call) -> Response {
                      if (!call.parameters.empty())
                        return Problem(400, "the events take no parameters");
                      Response response{.content_type = "text/event-stream"};
                      // nginx holds back what it takes for a page.
                      response.headers.emplace_back("X-Accel-Buffering", "no");
                      response.following = call.following;
                      return response;
                    }});
}

void AddLetters(std::vector<Route>& routes, Operations& operations) {
  routes.push_back({.method = "GET",
                    .path = "/v1/letters",
                    .role = Role::kViewer,
                    .answer = [&operations](const Call& call) {
                      return Json(operations.ListLetters(call.parameters, call.caller));
                    }});
  routes.push_back({.method = "GET",
                    .path = "/v1/letters/{id}",
                    .role = Role::kViewer,
                    .answer = [&operations](const Call& call) {
                      const auto looking = ParseLooking(call.parameters, call.caller);
                      if (!looking) return ProblemFrom(looking.error());
                      return Json(operations.ShowLetter(call.names[0], *looking));
                    }});
  routes.push_back({.method = "GET",
                    .path = "/v1/letters/{id}/body",
                    .role = Role::kViewer,
                    .answer = [&operations](const Call& call) {
                      const auto looking = ParseLooking(call.parameters, call.caller);
                      if (!looking) return ProblemFrom(looking.error());
                      return Download(operations.LetterBody(call.names[0], *looking),
                                      call.names[0]);
                    }});
}

void AddExport(std::vector<Route>& routes, Operations& operations) {
  routes.push_back(
      {.method = "GET",
       .path = "/v1/export",
       .role = Role::kViewer,
       .answer = [&operations](const Call& call) { return Export(operations, call); }});
}

void AddExecutions(std::vector<Route>& routes, Operations& operations) {
  routes.push_back({.method = "GET",
                    .path = "/v1/executions/{id}/explain",
                    .role = Role::kViewer,
                    .answer = [&operations](const Call& call) {
                      return Json(
                          operations.ExplainExecution(call.names[0], call.parameters, call.caller));
                    }});
}

void AddRemarks(std::vector<Route>& routes, Operations& operations) {
  routes.push_back({.method = "POST",
                    .path = "/v1/letters/{id}/notes",
                    .role = Role::kOperator,
                    .answer = [&operations](const Call& call) {
                      if (!call.parameters.empty()) return TakesNoParameters();
                      return Created(operations.AddNote(call.names[0], call.body, call.caller));
                    }});
  routes.push_back({.method = "POST",
                    .path = "/v1/letters/{id}/tags",
                    .role = Role::kOperator,
                    .answer = [&operations](const Call& call) {
                      if (!call.parameters.empty()) return TakesNoParameters();
                      return Json(operations.ChangeTags(call.names[0], call.body, call.caller));
                    }});
  routes.push_back({.method = "POST",
                    .path = "/v1/discards",
                    .role = Role::kOperator,
                    .answer = [&operations](const Call& call) {
                      if (!call.parameters.empty()) return TakesNoParameters();
                      return Json(operations.DiscardLetters(call.body, call.caller));
                    }});
  routes.push_back({.method = "GET",
                    .path = "/v1/audit",
                    .role = Role::kAdmin,
                    .answer = [&operations](const Call& call) {
                      return Json(operations.ListAudit(call.parameters));
                    }});
}

Response MakeReplay(Operations& operations, const Call& call) {
  if (!call.parameters.empty())
    return Problem(400, "a replay is described in the body, not in the query");
  auto answer = operations.MakeReplay(call.body, call.caller);
  if (!answer) return ProblemFrom(answer.error());
  Response response{.status = answer->made ? 201U : 200U,
                    .content_type = "application/json",
                    .body = std::move(answer->json)};
  if (answer->made) response.headers.emplace_back("Location", std::move(answer->url));
  return response;
}

Route Steering(Operations& operations, std::string_view word, ReplayCommand command) {
  return {.method = "POST",
          .path = "/v1/replays/{id}/" + std::string(word),
          .role = Role::kOperator,
          .answer = [&operations, command](const Call& call) {
            if (!call.parameters.empty()) return TakesNoParameters();
            return Json(operations.SteerReplay(call.names[0], command, call.caller));
          }};
}

void AddReplays(std::vector<Route>& routes, Operations& operations) {
  routes.push_back({.method = "GET",
                    .path = "/v1/replays",
                    .role = Role::kViewer,
                    .answer = [&operations](const Call& call) {
                      return Json(operations.ListReplays(call.parameters));
                    }});
  routes.push_back(
      {.method = "POST",
       .path = "/v1/replays",
       .role = Role::kOperator,
       .answer = [&operations](const Call& call) { return MakeReplay(operations, call); }});
  routes.push_back({.method = "GET",
                    .path = "/v1/replays/{id}",
                    .role = Role::kViewer,
                    .answer = [&operations](const Call& call) {
                      if (!call.parameters.empty())
                        return Problem(400, "one replay takes no parameters");
                      return Json(operations.ShowReplay(call.names[0]));
                    }});
  routes.push_back({.method = "GET",
                    .path = "/v1/replays/{id}/letters",
                    .role = Role::kViewer,
                    .answer = [&operations](const Call& call) {
                      return Json(operations.ListReplayedLetters(call.names[0], call.parameters));
                    }});
  routes.push_back(Steering(operations, "pause", ReplayCommand::kPause));
  routes.push_back(Steering(operations, "resume", ReplayCommand::kResume));
  routes.push_back(Steering(operations, "cancel", ReplayCommand::kCancel));
}

}  // namespace

std::vector<Route> MakeRoutes(Operations& operations, const Health& health, const Metrics& metrics,
                              ServerFacts facts, Work* work) {
  std::vector<Route> routes;
  AddWatching(routes, health, metrics, std::move(facts.pair_name));
  AddDocument(routes, facts.base_path);
  AddEvents(routes);
  AddLetters(routes, operations);
  AddExport(routes, operations);
  AddExecutions(routes, operations);
  AddRemarks(routes, operations);
  AddReplays(routes, operations);
  AddGroupRoutes(routes, operations);
  AddWork(routes, work);
  return routes;
}

}  // namespace deadletter::http
