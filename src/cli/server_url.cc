#include "cli/server_url.h"

#include <algorithm>

namespace deadletter::cli {
namespace {

constexpr std::string_view kScheme = "http://";

bool IsPort(std::string_view text) {
  const bool digits =
      std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  return digits && !text.empty() && text.size() <= 5;
}

Unexpected<Error> Bad(std::string_view text) {
  // What stands before an "@" may be a password.
  if (text.find('@') != std::string_view::npos)
    return Fail("--server must be like http://127.0.0.1:8025, without a user");
  return Fail("--server must be like http://127.0.0.1:8025, not '" + std::string(text) + "'");
}

// "[::1]:8025" or "localhost:8025" or either without a port.
bool ReadAuthority(std::string_view authority, ServerUrl& url) {
  const bool bracketed = authority.starts_with('[');
  const std::size_t host_end = bracketed ? authority.find(']') : authority.find(':');
  if (bracketed && host_end == std::string_view::npos) return false;
  url.host = authority.substr(bracketed ? 1 : 0, bracketed ? host_end - 1 : host_end);
  if (host_end != std::string_view::npos)
    authority.remove_prefix(bracketed ? host_end + 1 : host_end);
  else
    authority = {};
  if (url.host.empty() || url.host.find_first_of(" \t\r\n@?#") != std::string::npos) return false;
  if (authority.empty()) return true;
  url.port = authority.substr(1);
  return authority.front() == ':' && IsPort(url.port);
}

}  // namespace

Result<ServerUrl> ParseServerUrl(std::string_view text) {
  if (text.starts_with("https://")) {
    return Fail(
        "--server: https:// is not spoken yet; use http:// on the server's own machine, or through "
        "an SSH "
        "tunnel");
  }
  if (!text.starts_with(kScheme)) return Bad(text);
  const std::string_view rest = text.substr(kScheme.size());
  const std::size_t slash = rest.find('/');
  ServerUrl url;
  url.authority = rest.substr(0, slash);
  if (!ReadAuthority(url.authority, url)) return Bad(text);
  if (slash != std::string_view::npos) url.base_path = rest.substr(slash);
  if (url.base_path.find_first_of(" \t\r\n?#") != std::string::npos) return Bad(text);
  if (!url.base_path.ends_with('/')) url.base_path += '/';
  return url;
}

}  // namespace deadletter::cli
