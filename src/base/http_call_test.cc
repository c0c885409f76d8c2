#include "base/http_call.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/latch.h"
#include "tests/support/canned_server.h"

namespace deadletter {
namespace {

using test::CannedServer;
using ::testing::HasSubstr;
using ::testing::StartsWith;

HttpRequest To(const CannedServer& server) {
  HttpRequest request;
  request.url = server.url() + "/a%2Fb/../c?d=e";
  return request;
}

TEST(HttpCall, AsksWhatItIsTold) {
  const CannedServer server(
      [](const std::string&) { return CannedServer::Http(418, "text/x; y", "tea"); });
  HttpRequest request = To(server);
  request.method = "PUT";
  request.headers = {"One: 1", "Two: 2"};
  request.user = "anna";
  request.password = "secret";
  request.body = "";
  const auto reply = CallHttp(request);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->status, 418U);
  EXPECT_EQ(reply->content_type, "text/x; y");
  EXPECT_EQ(reply->body, "tea");
  const std::string head = server.Heads().at(0);
  EXPECT_THAT(head, StartsWith("PUT /a%2Fb/../c?d=e HTTP/1.1\r\n"));
  EXPECT_THAT(head, HasSubstr("\r\nOne: 1\r\n"));
  EXPECT_THAT(head, HasSubstr("\r\nTwo: 2\r\n"));
  EXPECT_THAT(head, HasSubstr("\r\nAuthorization: Basic YW5uYTpzZWNyZXQ=\r\n"));
  EXPECT_THAT(head, HasSubstr("\r\nContent-Length: 0\r\n"));
}

TEST(HttpCall, FollowsNobodyElsewhere) {
  const CannedServer server([](const std::string&) {
    return std::string(
        "HTTP/1.1 302 X\r\nLocation: /elsewhere\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  });
  EXPECT_EQ(CallHttp(To(server)).value().status, 302U);
  EXPECT_EQ(server.Heads().size(), 1U);
}

TEST(HttpCall, P9_AnAnswerIsTakenUpToItsLimit) {
  const CannedServer server(
      [](const std::string&) { return CannedServer::Http(200, "x", std::string(1'000, 'x')); });
  HttpRequest request = To(server);
  request.max_answer_bytes = 1'000;
  EXPECT_EQ(CallHttp(request).value().body.size(), 1'000U);
  request.max_answer_bytes = 999;
  const auto refused = CallHttp(request);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, HttpFault::kNoReply);
  EXPECT_EQ(refused.error().message, "its answer is longer than 999 bytes");
}

TEST(HttpCall, ToldFromAnAnswerThatNeverCame) {
  std::string url;
  {
    const CannedServer server([](const std::string&) { return ""; });
    url = server.url();
    const auto none = CallHttp(To(server));
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().fault, HttpFault::kNoReply);
  }
  HttpRequest request;
  request.url = url;
  const auto nobody = CallHttp(request);
  ASSERT_FALSE(nobody);
  EXPECT_EQ(nobody.error().fault, HttpFault::kNoServer);
  request.url = "file:///etc/passwd";
  EXPECT_EQ(CallHttp(request).error().fault, HttpFault::kNoServer);
}

TEST(HttpCall, P9_WhoSaysNothingWhereTlsIsToBeAgreedOnIsNotTrusted) {
  Latch over;
  const CannedServer server([&](const std::string&) {
    (void)over.WaitUntil(std::chrono::steady_clock::now() + std::chrono::minutes(1));
    return std::string();
  });
  HttpRequest request = To(server);
  request.url.replace(0, 4, "https");
  request.limit = std::chrono::milliseconds(50);
  const auto silent = CallHttp(request);
  over.Open();
  ASSERT_FALSE(silent);
  EXPECT_EQ(silent.error().fault, HttpFault::kNotTrusted);
}

TEST(HttpCall, P9_WhoNeverAnswersIsNotWaitedForLongerThanTheLimit) {
  Latch over;
  const CannedServer server([&](const std::string&) {
    (void)over.WaitUntil(std::chrono::steady_clock::now() + std::chrono::minutes(1));
    return std::string();
  });
  HttpRequest request = To(server);
  request.limit = std::chrono::milliseconds(50);
  const auto late = CallHttp(request);
  over.Open();
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().fault, HttpFault::kNoReply);
}

}  // namespace
}  // namespace deadletter
