// Groups and statistics.
#include <utility>

#include "http/problem.h"
#include "http/routes.h"

namespace deadletter::http {
namespace {

Response Counted(OperationResult<std::string> result) {
  if (!result) return ProblemFrom(result.error());
  return {.content_type = "application/json", .body = std::move(*result)};
}

}  // namespace

void AddGroupRoutes(std::vector<Route>& routes, Operations& operations) {
  routes.push_back({.method = "GET",
                    .path = "/v1/groups",
                    .role = Role::kViewer,
                    .answer = [&operations](const Call& call) {
                      return Counted(operations.ListGroups(call.parameters, call.caller));
                    }});
  routes.push_back({.method = "POST",
                    .path = "/v1/groups/{id}/mute",
                    .role = Role::kOperator,
                    .answer = [&operations](const Call& call) {
                      if (!call.parameters.empty())
                        return Problem(400, "nothing but a body is taken here");
                      return Counted(operations.MuteGroup(call.names[0], call.body, call.caller));
                    }});
  routes.push_back({.method = "GET",
                    .path = "/v1/stats",
                    .role = Role::kViewer,
                    .answer = [&operations](const Call& call) {
                      return Counted(operations.ShowStatistics(call.parameters));
                    }});
}

}  // namespace deadletter::http
