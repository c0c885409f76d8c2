// A request and its answer without the sockets: what routing, and its tests, are made of.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace deadletter::http {

struct Request {
  std::string method;                   // as written
  std::string target;                   // as written: path and query, still percent-encoded
  std::vector<std::string> hosts = {};  // every Host header
  std::optional<std::string> origin = {};
  std::optional<std::string> content_type = {};
  bool has_body = false;
  std::vector<std::string> authorizations = {};    // every Authorization header
  std::vector<std::string> idempotency_keys = {};  // every Idempotency-Key header
  std::string address = {};                        // the client's, without a port
  std::string body = {};
  std::stop_token gone = {};  // requested: nobody waits for the answer any more
  // Keeps room for an answer of that many bytes, instead of what was kept for this one before, so
  // that it will not be refused for want of it. False: there is none now. Only while it is made.
  std::function<bool(std::size_t bytes)> keep_room = nullptr;
};

// The rest of a body that is made while it is sent: called on a thread that may wait, never twice
// at once, and each time once the client has taken what came before. Nothing: that was all. An
// error ends the connection in the middle of the answer, so that nobody takes a part for the whole.
using MoreOfBody = std::function<Result<std::optional<std::string>>()>;

// Whether somebody may go on following the server's events: asked again and again, by the thread
// that holds the sockets.
using MayFollow = std::function<bool()>;

// Who follows them, and for how long he may.
struct Following {
  std::string who;  // "token NAME", or without tokens "address ADDRESS"
  MayFollow may = nullptr;
};

struct Response {
  unsigned status = 200;
  std::string content_type = {};
  std::vector<std::pair<std::string, std::string>> headers = {};  // beside those of every answer
  std::string body = {};  // whole, or what comes before `more`
  MoreOfBody more = nullptr;
  std::optional<Following> following = {};  // the body is what the server's feed tells (feed.h)
};

}  // namespace deadletter::http
