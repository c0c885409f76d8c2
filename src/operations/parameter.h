// One key and value of a query, percent-decoded. Any bytes.
#pragma once

#include <string>

namespace deadletter {

struct Parameter {
  std::string name;
  std::string value;

  friend bool operator==(const Parameter&, const Parameter&) = default;
};

}  // namespace deadletter
