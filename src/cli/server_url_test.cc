#include "cli/server_url.h"

#include <gtest/gtest.h>

namespace deadletter::cli {
namespace {

TEST(ServerUrl, IsTakenApart) {
  struct Case {
    const char* text;
    const char* host;
    const char* port;
    const char* base_path;
  };
  for (const Case& each :
       {Case{"http://127.0.0.1:8025", "127.0.0.1", "8025", "/"},
        Case{"http://localhost", "localhost", "80", "/"},
        Case{"http://[::1]:8025/", "::1", "8025", "/"}, Case{"http://[::1]", "::1", "80", "/"},
        Case{"http://a:1/dead/letters", "a", "1", "/dead/letters/"}}) {
    const auto url = ParseServerUrl(each.text);
    ASSERT_TRUE(url) << each.text;
    EXPECT_EQ(url->host, each.host);
    EXPECT_EQ(url->port, each.port);
    EXPECT_EQ(url->base_path, each.base_path);
  }
}

TEST(ServerUrl, AnythingElseIsRefused) {
  for (const char* text : {"", "localhost:8025", "ftp://x", "http://", "http://:80",
                           "http://a:", "http://a:x", "http://a:123456", "http://[::1",
                           "http://[::1]x", "http://a b", "http://a/?x", "http://a/\r\nX: y"}) {
    const auto url = ParseServerUrl(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().message,
              "--server must be like http://127.0.0.1:8025, not '" + std::string(text) + "'");
  }
}

TEST(ServerUrl, APasswordIsNotQuoted) {
  const auto url = ParseServerUrl("http://user:secret@127.0.0.1:1");
  ASSERT_FALSE(url);
  EXPECT_EQ(url.error().message, "--server must be like http://127.0.0.1:8025, without a user");
}

TEST(ServerUrl, HttpsIsSaidNotToBeThere) {
  EXPECT_NE(ParseServerUrl("https://a").error().message.find("https:// is not spoken yet"),
            std::string::npos);
}

}  // namespace
}  // namespace deadletter::cli
