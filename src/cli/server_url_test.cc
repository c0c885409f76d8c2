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
        Case{"http://a:1/dead/letters", "a", "1", "/dead/letters/"},
        Case{"http://a-b.example_c.:65535/%C3%BC", "a-b.example_c.", "65535", "/%C3%BC/"},
        Case{"http://[fe80::1%eth0.5]:1", "fe80::1%eth0.5", "1", "/"},
        Case{"http://127.1:1", "127.1", "1", "/"}}) {
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

// Where nothing can ever answer the command is wrong, not the server away.
TEST(ServerUrl, WhatNoServerCanHaveIsRefused) {
  const std::string label(64, 'a');
  const std::string name = "http://" + std::string(127, 'a') + std::string(127, 'b');
  for (const std::string& text : {std::string("http://localhost:99999"),
                                  std::string("http://localhost:65536"),
                                  std::string("http://localhost:0"),
                                  std::string("http://localhost:00000"),
                                  std::string("http://[::1]:70000"),
                                  std::string("http://[localhost]"),
                                  std::string("http://[1.2.3.4]"),
                                  std::string("http://[::12345]"),
                                  std::string("http://[::1%]"),
                                  std::string("http://[::\0 X: y]", 17),
                                  std::string("http://[::1%a\r\nb]"),
                                  std::string("http://256.0.0.1"),
                                  std::string("http://1.2.3.4.5"),
                                  std::string("http://a..b"),
                                  std::string("http://.a"),
                                  std::string("http://.."),
                                  std::string("http://a!b"),
                                  std::string("http://a%20b"),
                                  std::string("http://\xc3\xbc"),
                                  std::string("http://a\\b"),
                                  "http://" + label,
                                  name,
                                  std::string("http://a/%zz"),
                                  std::string("http://a/\x01"),
                                  std::string("http://a/\xff")}) {
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

TEST(ServerUrl, HttpsHasAPortOfItsOwn) {
  const auto url = ParseServerUrl("https://deadletter.example/base");
  ASSERT_TRUE(url) << url.error().message;
  EXPECT_TRUE(url->encrypted);
  EXPECT_EQ(url->port, "443");
  EXPECT_EQ(url->authority, "deadletter.example");
  EXPECT_EQ(url->base_path, "/base/");
  EXPECT_EQ(ParseServerUrl("https://[::1]:8025")->port, "8025");
  EXPECT_FALSE(ParseServerUrl("http://a")->encrypted);
}

}  // namespace
}  // namespace deadletter::cli
