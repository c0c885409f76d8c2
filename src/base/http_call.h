// One HTTP exchange with a server of which we are the client.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace deadletter {

struct HttpRequest {
  std::string method = "GET";
  std::string url;                   // http:// or https://; path and query are encoded already
  std::vector<std::string> headers;  // "Name: value", each one line; not checked here
  std::optional<std::string> body;
  std::string user;  // empty: nobody
  std::string password;
  std::string ca_file;  // whom to trust for https://, alone, PEM; empty: the system's authorities
  std::chrono::milliseconds connect_limit{std::chrono::seconds(30)};
  std::chrono::milliseconds limit{std::chrono::seconds(60)};  // of the whole, connecting included
  std::size_t max_answer_bytes = std::size_t{64} << 20;
  // Not empty: an answer of status 200 with this content type, however long, goes to `sink` piece
  // by piece as it comes, and the reply has no body; false ends the call. In place of `limit`
  // counts then how long nothing may come.
  std::string streamed_type = {};
  std::function<bool(std::string_view)> sink = {};
  std::chrono::seconds idle_limit{60};
};

struct HttpReply {
  unsigned status = 0;
  std::string content_type;  // as it was sent
  std::string body;
};

enum class HttpFault {
  kNoServer,    // nobody answers there; nothing was asked
  kNotTrusted,  // somebody who does not prove to be that server, or not in time; nothing was asked
  kNoReply,     // it was asked, perhaps, and what came is no whole answer
};

struct HttpError {
  HttpFault fault = HttpFault::kNoServer;
  std::string message;  // why, fit to be shown; holds no password
};

// A connection a call. No proxy is used, whatever the environment says; no redirection is followed;
// TLS from 1.2 on. What the server answers, whatever its status, is a reply. Threads: any number at
// once. Raises no SIGPIPE, also where the caller's process has not ignored it.
[[nodiscard]] Result<HttpReply, HttpError> CallHttp(const HttpRequest& request);

}  // namespace deadletter
