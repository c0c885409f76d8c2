// One plain HTTP request, for tests that ask a running server.
#pragma once

#include <string>

namespace deadletter::test {

struct HttpAnswer {
  int status = 0;  // 0: no answer
  std::string body;
};

// `url`: http://HOST:PORT/PATH. Gives up after 10 s.
[[nodiscard]] HttpAnswer HttpGet(const std::string& url);

}  // namespace deadletter::test
