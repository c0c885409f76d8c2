#include "broker/rabbitmq/url.h"

#include <gtest/gtest.h>

namespace deadletter::rabbitmq {
namespace {

TEST(AmqpUrl, ReadsEveryPart) {
  const auto endpoint =
      ParseAmqpUrl("amqps://us%40er:p%3Aa%2Fss@broker.example:5673/my%2Fvhost").value();
  EXPECT_TRUE(endpoint.tls);
  EXPECT_EQ(endpoint.user, "us@er");
  EXPECT_EQ(endpoint.password, "p:a/ss");
  EXPECT_EQ(endpoint.host, "broker.example");
  EXPECT_EQ(endpoint.port, 5673);
  EXPECT_EQ(endpoint.path, "my/vhost");
}

TEST(AmqpUrl, FillsInWhatIsLeftOut) {
  for (const auto* url :
       {"amqp://host", "amqp://host/", "amqp://host:5672/%2F", "amqp://guest:guest@host//"}) {
    const auto endpoint = ParseAmqpUrl(url);
    if (std::string_view(url).ends_with("//")) {
      EXPECT_FALSE(endpoint.has_value());
      continue;
    }
    ASSERT_TRUE(endpoint.has_value()) << url;
    EXPECT_FALSE(endpoint->tls);
    EXPECT_EQ(endpoint->user, "guest");
    EXPECT_EQ(endpoint->password, "guest");
    EXPECT_EQ(endpoint->port, 5672);
    EXPECT_EQ(endpoint->path, "/");
  }
  EXPECT_EQ(ParseAmqpUrl("amqps://host")->port, 5671);
}

TEST(AmqpUrl, KnowsIpv6) {
  const auto endpoint = ParseAmqpUrl("amqp://[::1]:5670/v").value();
  EXPECT_EQ(endpoint.host, "::1");
  EXPECT_EQ(endpoint.port, 5670);
  EXPECT_EQ(endpoint.Shown(), "amqp://[::1]:5670/v");
}

TEST(AmqpUrl, IsShownWithoutThePassword) {
  const auto endpoint = ParseAmqpUrl("amqp://user:secret@host/v h").value();
  EXPECT_EQ(endpoint.Shown(), "amqp://host:5672/v%20h");
}

TEST(AmqpUrl, RefusesWhatItCannotReadWithoutTellingTheSecret) {
  for (const auto* url :
       {"", "host", "http://user:secret@host", "amqp://", "amqp://user:secret@",
        "amqp://user:secret@host:0", "amqp://user:secret@host:70000", "amqp://user:secret@host:12a",
        "amqp://user:secret%zz@host", "amqp://user:secret%0@host", "amqp://user:secret%00@host",
        "amqp://user:secret@[::1", "amqp://user:secret@[::1]x", "amqp://user:secret@host/a/b",
        "amqp://user:secret@host/%4", "amqp://user:secret@host/v?heartbeat=5"}) {
    const auto endpoint = ParseAmqpUrl(url);
    ASSERT_FALSE(endpoint.has_value()) << url;
    EXPECT_EQ(endpoint.error().message.find("secret"), std::string::npos)
        << endpoint.error().message;
  }
}

TEST(ManagementUrl, DropsTheApiFromItsEnd) {
  EXPECT_EQ(ParseManagementUrl("http://host")->port, 15672);
  EXPECT_EQ(ParseManagementUrl("https://host")->port, 15671);
  EXPECT_EQ(ParseManagementUrl("http://host/api/")->path, "");
  EXPECT_EQ(ParseManagementUrl("http://host/rabbit/api")->path, "/rabbit");
  EXPECT_EQ(ParseManagementUrl("http://host/rabbit/")->path, "/rabbit");
  EXPECT_FALSE(ParseManagementUrl("amqp://host").has_value());
}

TEST(PercentEncoding, KeepsOnlyTheUnreserved) {
  EXPECT_EQ(PercentEncode("a-Z_0.~/ \xff"), "a-Z_0.~%2F%20%FF");
}

}  // namespace
}  // namespace deadletter::rabbitmq
