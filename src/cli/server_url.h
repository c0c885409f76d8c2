// --server taken apart.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace deadletter::cli {

struct ServerUrl {
  bool encrypted = false;
  std::string host;             // without brackets
  std::string port = "80";      // 443 where encrypted
  std::string authority;        // as it goes into the Host header
  std::string base_path = "/";  // ends with a slash
};

// "http[s]://HOST[:PORT][/BASE]". An error also where no server could ever have that address (a
// port of 99999, a host that is neither a name nor an address); it says what is allowed.
[[nodiscard]] Result<ServerUrl> ParseServerUrl(std::string_view text);

}  // namespace deadletter::cli
