#include "broker/rabbitmq/assembler.h"

#include <gtest/gtest.h>

namespace deadletter::rabbitmq {
namespace {

Frame Method(amqp_method_number_t id, void* decoded) {
  Frame frame{};
  frame.raw.frame_type = AMQP_FRAME_METHOD;
  frame.raw.payload.method = {id, decoded};
  return frame;
}

Frame Header(std::uint64_t body_size, std::string_view raw) {
  Frame frame{};
  frame.raw.frame_type = AMQP_FRAME_HEADER;
  frame.raw.payload.properties.body_size = body_size;
  frame.raw.payload.properties.raw = Bytes(raw);
  return frame;
}

Frame Body(std::string_view part) {
  Frame frame{};
  frame.raw.frame_type = AMQP_FRAME_BODY;
  frame.raw.payload.body_fragment = Bytes(part);
  return frame;
}

constexpr std::string_view kNoProperties("\0\0", 2);

class AssemblerTest : public testing::Test {
 protected:
  void Deliver() {
    amqp_basic_deliver_t deliver{};
    deliver.delivery_tag = 5;
    deliver.redelivered = 1;
    deliver.exchange = Bytes("exchange");
    deliver.routing_key = Bytes("key");
    EXPECT_FALSE(assembler_.Add(Method(AMQP_BASIC_DELIVER_METHOD, &deliver)).value().has_value());
  }

  Assembler assembler_;
};

TEST_F(AssemblerTest, PutsAMessageTogetherFromItsParts) {
  Deliver();
  EXPECT_FALSE(assembler_.Add(Header(5, kNoProperties)).value().has_value());
  EXPECT_FALSE(assembler_.Add(Body("hel")).value().has_value());
  const auto whole = assembler_.Add(Body("lo")).value();
  ASSERT_TRUE(whole.has_value());
  EXPECT_EQ(whole->message.body, "hello");
  EXPECT_EQ(whole->delivery_number, 5U);
  EXPECT_TRUE(whole->redelivered);
  EXPECT_EQ(whole->exchange, "exchange");
  EXPECT_EQ(whole->routing_key, "key");
}

TEST_F(AssemblerTest, AnEmptyMessageIsWholeWithItsHeader) {
  Deliver();
  EXPECT_TRUE(assembler_.Add(Header(0, kNoProperties)).value().has_value());
}

TEST_F(AssemblerTest, P5_PropertiesThatNobodyCanDecodeAreKeptAsBytes) {
  Deliver();
  const auto whole = assembler_.Add(Header(0, "\xff\xff?")).value();
  ASSERT_TRUE(whole.has_value());
  const auto* kept = whole->message.headers.Find(kUndecodedHeaders);
  ASSERT_NE(kept, nullptr);
  EXPECT_EQ(std::get<FieldBytes>(kept->value).bytes, "\xff\xff?");
}

TEST_F(AssemblerTest, AReturnTellsWhy) {
  amqp_basic_return_t returned{};
  returned.reply_text = Bytes("NO_ROUTE");
  returned.exchange = Bytes("exchange");
  EXPECT_FALSE(assembler_.Add(Method(AMQP_BASIC_RETURN_METHOD, &returned)).value().has_value());
  const auto whole = assembler_.Add(Header(0, kNoProperties)).value();
  ASSERT_TRUE(whole.has_value());
  EXPECT_EQ(whole->return_text, "NO_ROUTE");
  EXPECT_EQ(whole->delivery_number, 0U);
}

TEST_F(AssemblerTest, FramesOutOfOrderAreAnError) {
  EXPECT_FALSE(assembler_.Add(Header(0, kNoProperties)).has_value());
  EXPECT_FALSE(assembler_.Add(Body("x")).has_value());
  Deliver();
  EXPECT_TRUE(assembler_.Add(Header(1, kNoProperties)).has_value());
  EXPECT_FALSE(assembler_.Add(Body("too long")).has_value());
}

TEST_F(AssemblerTest, P9_AnAnnouncedSizeCostsNoMemoryBeforeTheBytesCome) {
  Deliver();
  EXPECT_TRUE(assembler_.Add(Header(UINT64_MAX, kNoProperties)).has_value());
  EXPECT_TRUE(assembler_.Add(Body("a little")).has_value());
}

}  // namespace
}  // namespace deadletter::rabbitmq
