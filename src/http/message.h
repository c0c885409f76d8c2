// A request and its answer without the sockets: what routing, and its tests, are made of.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace deadletter::http {

struct Request {
  std::string method;                   // as written
  std::string target;                   // as written: path and query, still percent-encoded
  std::vector<std::string> hosts = {};  // every Host header
  std::optional<std::string> origin = {};
  std::optional<std::string> content_type = {};
  bool has_body = false;
  std::vector<std::string> authorizations = {};  // every Authorization header
  std::string address = {};                      // the client's, without a port
  std::string body = {};
};

struct Response {
  unsigned status = 200;
  std::string content_type = {};
  std::vector<std::pair<std::string, std::string>> headers = {};  // beside those of every answer
  std::string body = {};
};

}  // namespace deadletter::http
