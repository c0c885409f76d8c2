#include "http/loopback_guard.h"

#include <gtest/gtest.h>

namespace deadletter::http {
namespace {

Request From(const std::string& host) {
  return {.method = "GET", .target = "/", .hosts = {host}};
}

unsigned StatusFor(const Request& request) {
  const auto refusal = LoopbackGuard("127.0.0.1", 8025).Refuse(request);
  return refusal ? refusal->status : 200;
}

TEST(LoopbackGuard, LoopbackHostsWithOurPortOrNonePass) {
  for (const char* host : {"127.0.0.1", "127.0.0.1:8025", "localhost", "localhost:8025",
                           "LocalHost:8025", "[::1]", "[::1]:8025"}) {
    EXPECT_EQ(StatusFor(From(host)), 200U) << host;
  }
}

TEST(LoopbackGuard, OtherHostsAreMisdirected) {
  for (const char* host : {"", "example.com", "example.com:8025", "localhost:80", "localhost:",
                           "localhost:08025", "localhost:8025:8025", "127.0.0.1.example.com",
                           "127.0.0.2", "localhost.", "xlocalhost", "::1", "[::1", "[::2]:8025",
                           "127.0.0.1@x", "user@localhost", "localhost:8025/x", "0.0.0.0:8025"}) {
    EXPECT_EQ(StatusFor(From(host)), 421U) << host;
  }
}

TEST(LoopbackGuard, TheAddressThatWeListenOnIsOurs) {
  EXPECT_EQ(LoopbackGuard("127.0.0.9", 1).Refuse(From("127.0.0.9:1")), std::nullopt);
  EXPECT_EQ(LoopbackGuard("::1", 1).Refuse(From("[::1]:1")), std::nullopt);
}

TEST(LoopbackGuard, ARequestHasOneHost) {
  EXPECT_EQ(StatusFor({.method = "GET", .target = "/"}), 400U);
  EXPECT_EQ(StatusFor({.method = "GET", .target = "/", .hosts = {"localhost", "localhost"}}), 400U);
}

TEST(LoopbackGuard, OnlyOurOwnPagesMayAsk) {
  Request request = From("localhost");
  for (const auto& [origin, status] :
       {std::pair{"http://localhost:8025", 200U}, std::pair{"http://127.0.0.1:8025", 200U},
        std::pair{"http://[::1]:8025", 200U}, std::pair{"http://localhost", 403U},
        std::pair{"https://localhost:8025", 403U}, std::pair{"http://localhost:3000", 403U},
        std::pair{"http://example.com:8025", 403U}, std::pair{"null", 403U}, std::pair{"", 403U}}) {
    request.origin = origin;
    EXPECT_EQ(StatusFor(request), status) << origin;
  }
}

TEST(LoopbackGuard, OnPort80AnOriginHasNoPort) {
  Request request = From("localhost");
  request.origin = "http://localhost";
  EXPECT_EQ(LoopbackGuard("127.0.0.1", 80).Refuse(request), std::nullopt);
}

TEST(LoopbackGuard, WithTlsOurOwnPagesAreHttps) {
  Request request = From("localhost:8025");
  const LoopbackGuard guard("127.0.0.1", 8025, true);
  request.origin = "https://localhost:8025";
  EXPECT_EQ(guard.Refuse(request), std::nullopt);
  request.origin = "http://localhost:8025";
  EXPECT_EQ(guard.Refuse(request)->status, 403U);
  request.origin = "https://localhost";
  EXPECT_EQ(guard.Refuse(request)->status, 403U);
  request.hosts = {"localhost"};
  EXPECT_EQ(LoopbackGuard("127.0.0.1", 443, true).Refuse(request), std::nullopt);
}

TEST(LoopbackGuard, ABodyIsJson) {
  Request request = From("localhost");
  request.has_body = true;
  EXPECT_EQ(StatusFor(request), 415U);
  for (const auto& [type, status] :
       {std::pair{"application/json", 200U}, std::pair{"Application/JSON ; charset=utf-8", 200U},
        std::pair{"text/plain", 415U}, std::pair{"application/x-www-form-urlencoded", 415U},
        std::pair{"application/jsonx", 415U}, std::pair{"text/plain; application/json", 415U},
        std::pair{"", 415U}}) {
    request.content_type = type;
    EXPECT_EQ(StatusFor(request), status) << type;
  }
}

}  // namespace
}  // namespace deadletter::http
