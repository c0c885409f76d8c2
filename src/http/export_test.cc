// Answers that are made while they are sent, through a real socket.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>

#include "http/raw_client_test_support.h"
#include "http/server.h"
#include "operations/ledger_test_support.h"

namespace deadletter::http {
namespace {

using test::RawAnswer;
using test::RawClient;
using testing::HasSubstr;

class ExportTest : public ::testing::Test {
 protected:
  ExportTest() {
    for (int number = 0; number < 350; ++number) ledger_->Add();
    ServerOptions options;
    options.port = 0;
    server_ = std::make_unique<Server>(std::move(options), operations_, health_, metrics_);
    const auto started = server_->Start();
    EXPECT_TRUE(started) << started.error().message;
  }

  static std::size_t Lines(const std::string& body) {
    return static_cast<std::size_t>(std::ranges::count(body, '\n'));
  }

  std::shared_ptr<test::FakeLedger> ledger_ = std::make_shared<test::FakeLedger>();
  Operations operations_{test::ReadersOver(ledger_, 2), {}};
  Health health_;
  Metrics metrics_;
  std::unique_ptr<Server> server_;
};

TEST_F(ExportTest, P1_AllOfItComesInChunksAndTheConnectionGoesOn) {
  RawClient client(server_->port());
  for (int round = 0; round < 2; ++round) {
    ASSERT_TRUE(client.SendGet("/v1/export?state=open"));
    const RawAnswer answer = client.Receive();
    EXPECT_EQ(answer.status, 200);
    EXPECT_TRUE(answer.Has("Transfer-Encoding: chunked")) << answer.headers;
    EXPECT_TRUE(answer.Has("Content-Type: application/x-ndjson")) << answer.headers;
    EXPECT_TRUE(answer.Has("X-Content-Type-Options: nosniff")) << answer.headers;
    EXPECT_EQ(Lines(answer.body), 350U);
  }
  ASSERT_TRUE(client.SendGet("/healthz"));
  EXPECT_EQ(client.Receive().status, 200);
}

// P9: what it finds is rare, and there is nothing to be sent for a while.
TEST_F(ExportTest, P9_WhereAListTakesTooLongItLooksOnToTheEnd) {
  ledger_->letters[1].summary.worker_id = "rare";
  ledger_->letters[200].summary.worker_id = "rare";
  ledger_->most_looked_at = 20;
  RawClient client(server_->port());
  ASSERT_TRUE(client.SendGet("/v1/export?worker_id=rare"));
  const RawAnswer answer = client.Receive();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(Lines(answer.body), 2U);
  // The same as pages.
  std::string cursor;
  std::size_t letters = 0;
  int pages = 0;
  do {
    ASSERT_TRUE(client.SendGet("/v1/letters?worker_id=rare&limit=1" + cursor));
    const boost::json::value page = boost::json::parse(client.Receive().body);
    letters += page.at("items").as_array().size();
    const auto& next = page.at("next_cursor");
    EXPECT_TRUE(next.is_string() || page.at("looked_to").is_null());
    cursor = next.is_string() ? "&cursor=" + std::string(next.as_string()) : "";
    ++pages;
  } while (!cursor.empty());
  EXPECT_EQ(letters, 2U);
  EXPECT_GT(pages, 10);
}

TEST_F(ExportTest, AFewLettersAreAnAnswerLikeAnyOther) {
  ledger_->letters.resize(3);
  RawClient client(server_->port());
  ASSERT_TRUE(client.SendGet("/v1/export?state=open"));
  const RawAnswer answer = client.Receive();
  EXPECT_THAT(answer.headers, HasSubstr("Content-Length: "));
  EXPECT_EQ(Lines(answer.body), 3U);
}

TEST_F(ExportTest, HeadHasNoBody) {
  RawClient client(server_->port());
  ASSERT_TRUE(client.Send("HEAD /v1/export?state=open HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  EXPECT_EQ(client.Receive(true).status, 200);
  ASSERT_TRUE(client.SendGet("/healthz"));
  EXPECT_EQ(client.Receive().status, 200) << "nothing stood between the two";
}

TEST_F(ExportTest, AClientThatKnowsNoChunksIsToldSo) {
  RawClient client(server_->port());
  ASSERT_TRUE(client.Send("GET /v1/export?state=open HTTP/1.0\r\nHost: localhost\r\n\r\n"));
  const RawAnswer answer = client.Receive();
  EXPECT_EQ(answer.status, 505);
  EXPECT_THAT(answer.body, HasSubstr("needs HTTP/1.1"));
}

TEST_F(ExportTest, P9_TwoAtOnceAndTheNextIsToldToComeAgain) {
  // Larger than the kernel takes: their readers do not read.
  for (LetterRecord& letter : ledger_->letters) letter.message.body = std::string(100'000, 'x');
  RawClient first(server_->port());
  RawClient second(server_->port());
  for (RawClient* const slow : {&first, &second}) {
    ASSERT_TRUE(slow->SendGet("/v1/export?state=open"));
    ASSERT_TRUE(slow->IsReadable(20'000));
  }
  RawClient third(server_->port());
  ASSERT_TRUE(third.SendGet("/v1/export?state=open"));
  const RawAnswer refused = third.Receive();
  EXPECT_EQ(refused.status, 503);
  EXPECT_THAT(refused.body, HasSubstr("too many exports at once"));
  EXPECT_TRUE(refused.Has("Retry-After: 1")) << refused.headers;
  EXPECT_EQ(Lines(first.Receive().body), 350U);
  ASSERT_TRUE(third.SendGet("/v1/export?state=open"));
  EXPECT_EQ(Lines(third.Receive().body), 350U);
}

TEST_F(ExportTest, P4_WhatIsCutShortDoesNotLookWhole) {
  for (LetterRecord& letter : ledger_->letters) letter.message.body = std::string(100'000, 'x');
  RawClient client(server_->port());
  ASSERT_TRUE(client.SendGet("/v1/export?state=open"));
  ASSERT_TRUE(client.IsReadable(20'000));
  {
    const std::scoped_lock lock(ledger_->entry);
    ledger_->catalog_error = LedgerError{LedgerFault::kUnavailable, "", "gone"};
  }
  const RawAnswer answer = client.Receive();
  EXPECT_EQ(answer.status, 200);
  EXPECT_FALSE(answer.is_whole);
  EXPECT_LT(Lines(answer.body), 350U);
}

TEST_F(ExportTest, AStopWaitsForNoReader) {
  for (LetterRecord& letter : ledger_->letters) letter.message.body = std::string(100'000, 'x');
  RawClient client(server_->port());
  ASSERT_TRUE(client.SendGet("/v1/export?state=open"));
  ASSERT_TRUE(client.IsReadable(20'000));
  server_->Stop();
  EXPECT_FALSE(client.Receive().is_whole);
}

}  // namespace
}  // namespace deadletter::http
