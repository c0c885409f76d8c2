// A request's target taken apart and percent-decoded.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "operations/parameter.h"

namespace deadletter::http {

struct Target {
  std::vector<std::string> path;      // segments; "/v1/letters" is {"v1", "letters"}, "/" is {}
  std::vector<Parameter> parameters;  // in the order given; '+' is a space, as forms write it
};

// Total over any bytes; the error is one line about what cannot be read. A trailing slash counts as
// a segment: it is another path.
[[nodiscard]] Result<Target> ParseTarget(std::string_view text);

}  // namespace deadletter::http
