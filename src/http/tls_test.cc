// HTTPS through a real socket.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <fstream>

#include "http/raw_client_test_support.h"
#include "http/server.h"
#include "operations/ledger_test_support.h"
#include "tests/support/certificates.h"

namespace deadletter::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using test::Certificates;
using test::RawClient;
using testing::HasSubstr;
using ErrorCode = boost::system::error_code;

const Certificates& Ours() {
  static const Certificates certificates;
  return certificates;
}

// A client that trusts `authority`.
class TlsClient {
 public:
  explicit TlsClient(std::uint16_t port, const std::string& authority = Ours().authority(),
                     int version = 0)
      : trust_(asio::ssl::context::tls_client), stream_(context_, trust_) {
    trust_.load_verify_file(authority);
    stream_.set_verify_mode(asio::ssl::verify_peer);
    if (version != 0) SSL_set_max_proto_version(stream_.native_handle(), version);
    stream_.next_layer().connect({asio::ip::make_address("127.0.0.1"), port});
    const timeval limit{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(stream_.next_layer().native_handle(), SOL_SOCKET, SO_RCVTIMEO, &limit,
                 sizeof limit);
    stream_.handshake(asio::ssl::stream_base::client, handshake_);
  }

  [[nodiscard]] const ErrorCode& handshake() const { return handshake_; }

  bool Send(const std::string& bytes) {
    ErrorCode error;
    asio::write(stream_, asio::buffer(bytes), error);
    return !error;
  }

  beast::http::response<beast::http::string_body> Receive() {
    beast::http::response_parser<beast::http::string_body> answer;
    answer.body_limit(boost::none);
    ErrorCode error;
    beast::http::read(stream_, buffer_, answer, error);
    EXPECT_FALSE(error) << error.message();
    return answer.release();
  }

  // False: it ended before that came.
  bool ReadsUntil(const std::string& text) {
    std::string read;
    ErrorCode error;
    asio::read_until(stream_, asio::dynamic_buffer(read), text, error);
    return !error;
  }

  // What reading ends with: stream_truncated where nobody said goodbye.
  ErrorCode End() {
    std::array<char, 1024> rest;
    ErrorCode error;
    while (!error) stream_.read_some(asio::buffer(rest), error);
    return error;
  }

 private:
  asio::io_context context_;
  asio::ssl::context trust_;
  asio::ssl::stream<asio::ip::tcp::socket> stream_;
  beast::flat_buffer buffer_;
  ErrorCode handshake_;
};

class TlsTest : public ::testing::Test {
 protected:
  static std::vector<LedgerReaders> Readers(const std::shared_ptr<test::FakeLedger>& ledger) {
    std::vector<LedgerReaders> readers;
    readers.push_back(
        {.catalog = std::make_unique<test::FakeCatalog>(ledger), .executions = nullptr});
    return readers;
  }

  static ServerOptions Options() {
    return {.port = 0, .tls_certificate_file = Ours().server(), .tls_key_file = Ours().key()};
  }

  std::unique_ptr<Server> Start(ServerOptions options = Options()) {
    auto server = std::make_unique<Server>(std::move(options), operations_, health_, metrics_);
    const auto started = server->Start();
    EXPECT_TRUE(started) << started.error().message;
    return server;
  }

  std::string WhyNot(ServerOptions options) {
    Server server(std::move(options), operations_, health_, metrics_);
    const auto started = server.Start();
    return started ? "" : started.error().message;
  }

  std::shared_ptr<test::FakeLedger> ledger_ = std::make_shared<test::FakeLedger>();
  Operations operations_{Readers(ledger_), {}};
  Health health_;
  Metrics metrics_;
};

constexpr const char* kGet = "GET /v1/letters HTTP/1.1\r\nHost: localhost\r\n";

TEST_F(TlsTest, AnswersAndKeepsTheConnection) {
  const auto server = Start();
  TlsClient client(server->port());
  ASSERT_FALSE(client.handshake()) << client.handshake().message();
  for (int count = 0; count < 2; ++count) {
    ASSERT_TRUE(client.Send(kGet + std::string("\r\n")));
    const auto answer = client.Receive();
    EXPECT_EQ(answer.result_int(), 200U);
    EXPECT_EQ(answer["Strict-Transport-Security"], "max-age=31536000");
    EXPECT_EQ(answer["X-Content-Type-Options"], "nosniff");
  }
}

TEST_F(TlsTest, ALargeBodyArrivesWholeAndItsEndIsSaid) {
  ledger_->Add().message.body.assign(20 << 20, 'x');
  const auto server = Start();
  TlsClient client(server->port());
  client.Send(
      "GET /v1/letters/01980000-0000-0000-0000-000000000001/body HTTP/1.1\r\nHost: localhost\r\n"
      "Connection: close\r\n\r\n");
  EXPECT_EQ(client.Receive().body().size(), std::size_t{20} << 20);
  EXPECT_EQ(client.End(), asio::error::eof);
}

TEST_F(TlsTest, EventsComeAndTheirEndIsSaid) {
  const auto server = Start();
  TlsClient client(server->port());
  client.Send("GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_TRUE(client.ReadsUntil("event: health\n"));
  server->Stop();
  EXPECT_EQ(client.End(), asio::error::eof);
}

TEST_F(TlsTest, ABodyTooLargeIsToldThroughTlsToo) {
  const auto server = Start();
  TlsClient client(server->port());
  client.Send("POST /v1/letters HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1048577\r\n\r\n" +
              std::string(100'000, 'x'));
  EXPECT_EQ(client.Receive().result_int(), 413U);
}

TEST_F(TlsTest, AClientThatDoesNotTrustUsIsNotAnsweredAndOthersAre) {
  const auto server = Start();
  TlsClient stranger(server->port(), Ours().stranger());
  EXPECT_TRUE(stranger.handshake());
  TlsClient client(server->port());
  EXPECT_FALSE(client.handshake());
}

TEST_F(TlsTest, WhatIsOlderThanTls12IsNotSpoken) {
  const auto server = Start();
  EXPECT_TRUE(TlsClient(server->port(), Ours().authority(), TLS1_1_VERSION).handshake());
  EXPECT_FALSE(TlsClient(server->port(), Ours().authority(), TLS1_2_VERSION).handshake());
  EXPECT_FALSE(TlsClient(server->port(), Ours().authority(), TLS1_3_VERSION).handshake());
}

TEST_F(TlsTest, NothingIsAnsweredInTheClear) {
  const auto server = Start();
  RawClient client(server->port());
  client.Send(kGet + std::string("\r\n"));
  EXPECT_EQ(client.Receive().status, 0);
}

TEST_F(TlsTest, P9_WhoDoesNotShakeHandsIsCutOff) {
  ServerOptions options = Options();
  options.limits.client_timeout = std::chrono::milliseconds(100);
  const auto server = Start(options);
  RawClient silent(server->port());
  EXPECT_TRUE(silent.IsClosed());
}

TEST_F(TlsTest, AStopEndsIdleAndHalfOpenConnections) {
  const auto server = Start();
  TlsClient idle(server->port());
  idle.Send(kGet + std::string("\r\n"));
  EXPECT_EQ(idle.Receive().result_int(), 200U);
  RawClient half_open(server->port());
  half_open.Send("\x16\x03\x01");
  server->Stop();
  EXPECT_TRUE(half_open.IsClosed());
  EXPECT_TRUE(idle.End());
}

TEST_F(TlsTest, FilesThatCannotBeUsedAreNamed) {
  ServerOptions options = Options();
  options.tls_certificate_file = Ours().PathOf("nothing.pem");
  EXPECT_THAT(WhyNot(options),
              HasSubstr("http.tls_cert: " + Ours().PathOf("nothing.pem") + " cannot be used: "));
  std::ofstream(Ours().PathOf("garbage.key")) << "garbage";
  options = Options();
  options.tls_key_file = Ours().PathOf("garbage.key");
  EXPECT_THAT(WhyNot(options), HasSubstr("http.tls_key: " + Ours().PathOf("garbage.key")));
  options.tls_key_file = Ours().stranger_key();
  EXPECT_THAT(WhyNot(options), HasSubstr("http.tls_key: " + Ours().stranger_key()));
}

}  // namespace
}  // namespace deadletter::http
