// Plain HTTP requests, for tests that ask a running server.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace deadletter::test {

struct HttpAnswer {
  int status = 0;  // 0: no answer
  std::string body;
};

// `url`: http://HOST:PORT/PATH. Gives up after 10 s.
[[nodiscard]] HttpAnswer HttpGet(const std::string& url);
// The same with that JSON as its body; an empty one is none.
[[nodiscard]] HttpAnswer HttpPost(const std::string& url, const std::string& json,
                                  const std::vector<std::string>& more_headers = {},
                                  std::chrono::seconds limit = std::chrono::seconds(10));

}  // namespace deadletter::test
