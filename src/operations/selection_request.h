// Which letters something is to be done to: `filter` or `ids` of a request's JSON.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "ledger/catalog.h"
#include "operations/operation_error.h"
#include "operations/query.h"
#include "operations/redaction.h"
#include "operations/role.h"

namespace deadletter {

inline constexpr std::size_t kMaxSelectedIds = 10'000;

// Who asks, and how what is wrong is to be answered.
struct Asking {
  const Caller& caller;
  const Redaction& redaction;
  OperationFault fault = OperationFault::kBadRequest;
};

struct SelectionRequest {
  LetterSelection selection;
  std::string
      json;  // what was asked for, to be kept; not for whoever must not see what is redacted
};

// Neither an empty filter nor an empty list of ids selects anything: "all" would be more than
// anybody has seen. `verb` is what is to be done to them: "replayed". kForbidden: a filter looks at
// something hidden, and the caller is no admin.
[[nodiscard]] Problem ReadSelection(const boost::json::object& request, std::string_view verb,
                                    Asking& asking, SelectionRequest& selection);

// `json` of a SelectionRequest without what is hidden in it.
[[nodiscard]] std::string SelectionJson(const std::string& json, const Redaction& redaction);

}  // namespace deadletter
