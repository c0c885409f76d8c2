// The measurement counts what passed on the wire, however it was cut, and says so where a letter is
// missing.
#include "bench/acknowledgement_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>

namespace deadletter::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::Flow;
using testing::HasSubstr;
using testing::SizeIs;
using testing::ThrowsMessage;

std::string Big(std::uint64_t number, int bytes) {
  std::string all;
  for (int at = bytes - 1; at >= 0; --at)
    all += static_cast<char>(number >> (8U * static_cast<unsigned>(at)) & 0xFFU);
  return all;
}

std::string Frame(int type, int channel, const std::string& payload) {
  return Big(static_cast<std::uint64_t>(type), 1) + Big(static_cast<std::uint64_t>(channel), 2) +
         Big(payload.size(), 4) + payload + '\xCE';
}

std::string Method(int channel, int method, const std::string& arguments) {
  return Frame(1, channel, Big(60, 2) + Big(static_cast<std::uint64_t>(method), 2) + arguments);
}

std::string Ack(std::uint64_t tag, bool multiple, int channel = 1) {
  return Method(channel, 80, Big(tag, 8) + Big(multiple ? 1 : 0, 1));
}

// With content that looks like a frame of its own, and a heartbeat behind it.
std::string Delivery(std::uint64_t tag, int channel = 1) {
  const std::string body = Ack(tag, false) + Method(channel, 60, Big(0, 1) + Big(99, 8));
  return Method(channel, 60,
                Big(3, 1) + "tag" + Big(tag, 8) + Big(0, 1) + Big(1, 1) + "x" + Big(1, 1) + "k") +
         Frame(2, channel, std::string(14, '\1')) + Frame(3, channel, body) + Frame(8, 0, "");
}

class AcknowledgementWatchTest : public testing::Test {
 protected:
  AcknowledgementWatchTest() { Begin(1); }

  void Begin(std::size_t connection) { ToServer(std::string("AMQP\0\0\x09\x01", 8), connection); }
  void ToClient(const std::string& bytes, std::size_t connection = 1) {
    watch_.See(connection, Flow::kToClient, bytes);
  }
  void ToServer(const std::string& bytes, std::size_t connection = 1) {
    watch_.See(connection, Flow::kToServer, bytes);
  }
  void ExpectError(std::size_t deliveries, const std::string& words) {
    EXPECT_THAT([&] { (void)watch_.Took(deliveries); },
                ThrowsMessage<std::runtime_error>(HasSubstr(words)));
  }

  AcknowledgementWatch watch_;
};

TEST_F(AcknowledgementWatchTest, CountsEachDeliveryOnceWhereverTheFramesAreCut) {
  const std::string to_client = Delivery(1) + Delivery(2) + Delivery(3);
  const std::string to_server = Ack(2, true) + Frame(8, 0, "") + Ack(3, false);
  for (std::size_t piece = 1; piece < to_client.size(); ++piece) {
    const std::size_t connection = piece + 1;
    Begin(connection);
    for (std::size_t at = 0; at < to_client.size(); at += piece)
      ToClient(to_client.substr(at, piece), connection);
    for (std::size_t at = 0; at < to_server.size(); at += piece)
      ToServer(to_server.substr(at, piece), connection);
    ASSERT_THAT(watch_.Took(3 * piece), SizeIs(3 * piece));
  }
}

TEST_F(AcknowledgementWatchTest, TakesTheTimeFromTheDeliveryToTheAcknowledgementThatCoversIt) {
  ToClient(Delivery(1) + Delivery(2));
  std::this_thread::sleep_for(milliseconds(20));
  ToClient(Delivery(3));
  ToServer(Ack(0, true));
  watch_.Await(3, seconds(0));
  const auto took = watch_.Took(3);
  EXPECT_GE(took[0], 20);
  EXPECT_GE(took[1], 20);
  EXPECT_LT(took[2], took[1]);
}

TEST_F(AcknowledgementWatchTest, KeepsConnectionsAndChannelsApart) {
  Begin(2);
  ToClient(Delivery(1, 1) + Delivery(1, 2));
  ToClient(Delivery(1, 1), 2);
  ToServer(Ack(1, true, 1));
  ExpectError(3, "3 letters were delivered, 1 acknowledged");
  ToServer(Ack(1, true, 2));
  ToServer(Ack(1, true, 1), 2);
  EXPECT_THAT(watch_.Took(3), SizeIs(3));
}

TEST_F(AcknowledgementWatchTest, DoesNotTakeTheBrokersConfirmsForAcknowledgements) {
  ToClient(Delivery(1) + Ack(1, false));
  ExpectError(1, "1 letters were delivered, 0 acknowledged");
  EXPECT_THROW(watch_.Await(1, seconds(0)), std::runtime_error);
}

TEST_F(AcknowledgementWatchTest, SaysWhereALetterIsMissingOrTooMany) {
  ToClient(Delivery(1));
  ToServer(Ack(1, false));
  ExpectError(2, "1 letters were delivered, 1 acknowledged, and there are 2");
  ToClient(Delivery(2));
  ExpectError(1, "2 letters were delivered, 1 acknowledged, and there are 1");
}

TEST_F(AcknowledgementWatchTest, SaysWhereATagIsDeliveredTwice) {
  ToClient(Delivery(1));
  ToServer(Ack(1, false));
  ToClient(Delivery(1));
  ExpectError(1, "connection 1: delivery 1 came twice");
}

TEST_F(AcknowledgementWatchTest, SaysWhereATagIsAcknowledgedTwice) {
  ToClient(Delivery(1));
  ToServer(Ack(1, false) + Ack(1, true));
  ExpectError(1, "acknowledgement of 1, which was not delivered or is acknowledged already");
}

TEST_F(AcknowledgementWatchTest, SaysWhereItDoesNotUnderstand) {
  ToServer("GET / HTTP/1.1", 7);
  ExpectError(0, "connection 7: this is not AMQP 0-9-1");
  EXPECT_THROW(watch_.Await(1, seconds(60)), std::runtime_error);
}

TEST_F(AcknowledgementWatchTest, SaysWhereAFrameDoesNotEnd) {
  std::string bytes = Ack(1, false);
  bytes.back() = 'x';
  ToServer(bytes);
  ExpectError(0, "a frame does not end where it should");
}

}  // namespace
}  // namespace deadletter::bench
