#include "http/work_routes.h"

#include <string_view>
#include <utility>

#include "http/idempotency_key.h"
#include "http/problem.h"

namespace deadletter::http {
namespace {

using Does = std::function<OperationResult<std::string>(Work&, const Call&)>;

Route Posting(std::string path, MadeBy made_by, unsigned status, Work* work, Does does) {
  return {.method = "POST",
          .path = std::move(path),
          .role = Role::kOperator,
          // Where there is no work nothing is waited for.
          .made_by = work == nullptr ? MadeBy::kSockets : made_by,
          .answer = [status, work, does = std::move(does)](const Call& call) {
            if (!call.parameters.empty()) return Problem(400, "nothing but a body is taken here");
            if (work == nullptr) return ProblemFrom(WorkIsElsewhere());
            auto result = does(*work, call);
            if (!result) return ProblemFrom(result.error());
            return Response{
                .status = status, .content_type = "application/json", .body = std::move(*result)};
          }};
}

}  // namespace

void AddWork(std::vector<Route>& routes, Work* work) {
  routes.push_back(Posting("/v1/executions", MadeBy::kLedger, 201, work,
                           [](Work& asked, const Call& call) -> OperationResult<std::string> {
                             const auto key = ReadIdempotencyKey(call.idempotency_keys);
                             if (!key) return Unexpected<OperationError>(key.error());
                             return asked.Submit(call.body, call.caller, *key);
                           }));
  routes.back().takes_key = true;
  routes.push_back(Posting("/v1/queues/{queue}/lease", MadeBy::kWaiting, 200, work,
                           [](Work& asked, const Call& call) {
                             return asked.LeaseDeliveries(call.names[0], call.body, call.caller,
                                                          call.gone, call.keep_room);
                           }));
  routes.push_back(Posting(
      "/v1/deliveries/{id}/ack", MadeBy::kLedger, 200, work,
      [](Work& asked, const Call& call) { return asked.Acknowledge(call.names[0], call.body); }));
  routes.push_back(Posting(
      "/v1/deliveries/{id}/reject", MadeBy::kLedger, 200, work,
      [](Work& asked, const Call& call) { return asked.Reject(call.names[0], call.body); }));
  routes.push_back(Posting(
      "/v1/deliveries/{id}/extend", MadeBy::kLedger, 200, work,
      [](Work& asked, const Call& call) { return asked.Extend(call.names[0], call.body); }));
}

}  // namespace deadletter::http
