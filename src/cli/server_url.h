// --server taken apart.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace deadletter::cli {

struct ServerUrl {
  std::string host;  // without brackets
  std::string port = "80";
  std::string authority;        // as it goes into the Host header
  std::string base_path = "/";  // ends with a slash
};

// "http://HOST[:PORT][/BASE]". The error says what is allowed.
[[nodiscard]] Result<ServerUrl> ParseServerUrl(std::string_view text);

}  // namespace deadletter::cli
