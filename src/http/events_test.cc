// Server-sent events, through a real socket.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <thread>

#include "http/raw_client_test_support.h"
#include "http/server.h"
#include "operations/ledger_test_support.h"
#include "tests/support/event_reader.h"
#include "tests/support/temporary_folder.h"

namespace deadletter::http {
namespace {

using std::chrono::milliseconds;
using test::EventReader;
using test::RawAnswer;
using test::RawClient;
using test::TestEvent;
using testing::HasSubstr;

constexpr const char* kEvents = "/v1/events";
constexpr std::chrono::hours kNever{1};

// Replays that a test moves; what is asked for is counted.
struct FakeReplays {
  std::mutex entry;
  std::vector<ReplayRecord> records;
  std::optional<LedgerError> error;
  int shown = 0;
};

class FakeReplayBook final : public ReplayBook {
 public:
  explicit FakeReplayBook(std::shared_ptr<FakeReplays> replays) : replays_(std::move(replays)) {}

  LedgerResult<std::vector<MovingReplay>> Moving(Instant, std::size_t limit) override {
    const std::scoped_lock lock(replays_->entry);
    if (replays_->error) return Unexpected<LedgerError>(*replays_->error);
    std::vector<MovingReplay> moving;
    for (const ReplayRecord& record : replays_->records) {
      if (moving.size() < limit)
        moving.push_back({.id = record.id, .ended = record.ended_at.has_value()});
    }
    return moving;
  }
  LedgerResult<std::optional<ReplayRecord>> Show(ReplayId id) override {
    const std::scoped_lock lock(replays_->entry);
    ++replays_->shown;
    for (const ReplayRecord& record : replays_->records) {
      if (record.id == id) return record;
    }
    return std::nullopt;
  }

  LedgerResult<ReplayPreview> Preview(const LetterSelection&) override { return ReplayPreview{}; }
  LedgerResult<ReplayMade> Make(ReplayId, const ReplaySpec&, const LetterSelection&, std::size_t,
                                Instant, const AuditEntry&) override {
    return ReplayMade{};
  }
  LedgerResult<std::vector<ReplayRecord>> List(std::size_t, std::optional<ReplayId>) override {
    return std::vector<ReplayRecord>();
  }
  LedgerResult<std::vector<ReplayedLetter>> Letters(ReplayId, std::optional<ReplayEnd>, std::size_t,
                                                    std::optional<LetterId>) override {
    return std::vector<ReplayedLetter>();
  }
  LedgerResult<std::optional<ReplaySteered>> Steer(ReplayId, ReplayCommand, Instant,
                                                   const AuditEntry&) override {
    return std::nullopt;
  }
  void Abort() override {}

 private:
  std::shared_ptr<FakeReplays> replays_;
};

class EventsTest : public ::testing::Test {
 protected:
  void Start(milliseconds interval = milliseconds(2), ServerOptions options = {}) {
    options.port = 0;
    options.pair_name = "embedded";
    options.limits.event_interval = interval;
    options.limits.rate = {.per_second = 1e12, .burst = 1e12};
    server_ = std::make_unique<Server>(std::move(options), operations_, health_, metrics_);
    const auto started = server_->Start();
    EXPECT_TRUE(started) << started.error().message;
  }
  static ServerOptions With(ServerLimits limits, Tokens* tokens = nullptr) {
    ServerOptions options;
    options.limits = limits;
    options.tokens = tokens;
    return options;
  }
  [[nodiscard]] RawAnswer Ask(const std::string& request) const {
    RawClient client(server_->port());
    client.Send(request);
    return client.Receive();
  }
  // Whether somebody may follow now.
  [[nodiscard]] bool HasRoom() const {
    EventReader another(server_->port(), kEvents);
    return another.status() == 200;
  }

  std::vector<LedgerReaders> Readers() {
    auto readers = test::ReadersOver(ledger_, 2);
    for (LedgerReaders& each : readers) each.replays = std::make_unique<FakeReplayBook>(replays_);
    return readers;
  }

  std::shared_ptr<test::FakeLedger> ledger_ = std::make_shared<test::FakeLedger>();
  std::shared_ptr<FakeReplays> replays_ = std::make_shared<FakeReplays>();
  Operations operations_{Readers(), {}};
  Health health_;
  Metrics metrics_;
  std::unique_ptr<Server> server_;
};

TEST_F(EventsTest, EverythingComesFirstAndThenWhatHasChanged) {
  Start(milliseconds(2), With({.event_heartbeat = milliseconds(20)}));
  metrics_.SetQueueMessages("dlq", 3);
  EventReader reader(server_->port(), kEvents);
  EXPECT_EQ(reader.status(), 200);
  for (const char* line :
       {"Content-Type: text/event-stream", "Cache-Control: no-store", "X-Accel-Buffering: no",
        "Connection: close", "X-Content-Type-Options: nosniff"})
    EXPECT_THAT(reader.head(), HasSubstr("\r\n" + std::string(line) + "\r\n"));
  const TestEvent counts = reader.Next().value();
  EXPECT_EQ(counts.name, "counts");
  EXPECT_EQ(counts.id, "1");
  EXPECT_EQ(counts.data,
            R"({"received":0,"settled":0,"settled_by_outcome":{"failed":0,"stale_attempt":0,)"
            R"("not_failable":0,"deferred":0,"not_found":0,"malformed":0,"unexpected_type":0,)"
            R"("refused":0,"retried":0,"parked":0,"discarded":0},)"
            R"("states":null,)"
            R"("depth":{"dlq":3},"outbox_pending":null,"uncounted_letters":null})");
  const TestEvent health = reader.Next().value();
  EXPECT_EQ(health.name, "health");
  EXPECT_EQ(health.data, R"({"ready":false,"pair":"embedded","parts":[]})");

  // Looked at many times meanwhile: what is as it was is not told.
  for (int beat = 0; beat < 3; ++beat) EXPECT_EQ(reader.Next().value().name, "");
  health_.Set("ledger", HealthState::kReady);
  EXPECT_EQ(reader.NextOf("health")->data,
            R"({"ready":true,"pair":"embedded","parts":[{"part":"ledger","state":"ready",)"
            R"("message":""}]})");
  metrics_.LetterReceived("dlq", Reason::kExpired);
  EXPECT_THAT(reader.NextOf("counts")->data, HasSubstr(R"({"received":1,"settled":0,)"));
  metrics_.LetterSettled("dlq", Outcome::kFailed);
  metrics_.SetLedgerLetters(LetterState::kOpen, 1);
  metrics_.SetOutbox(2, milliseconds(1));
  metrics_.SetUncountedLetters(4);
  const auto all = reader.NextOf("counts", [](const std::string& data) {
    return data.find(R"("uncounted_letters":4)") != std::string::npos;
  });
  ASSERT_TRUE(all);
  EXPECT_THAT(all->data, HasSubstr(R"("settled":1,"settled_by_outcome":{"failed":1,)"));
  EXPECT_THAT(all->data, HasSubstr(R"("states":{"open":1,"waiting":0,"closed":0})"));
  EXPECT_THAT(all->data, HasSubstr(R"("outbox_pending":2)"));
  EXPECT_GE(std::stoi(all->id), 5);
}

TEST_F(EventsTest, P9_OneLookIsForAllWhoFollow) {
  Start(kNever);
  EventReader first(server_->port(), kEvents);
  EXPECT_THAT(first.NextOf("counts")->data, HasSubstr(R"("received":0)"));
  metrics_.LetterReceived("dlq", Reason::kExpired);
  EventReader second(server_->port(), kEvents);
  const TestEvent told = second.NextOf("counts").value();
  EXPECT_THAT(told.data, HasSubstr(R"("received":0)")) << "the next look is an hour away";
  EXPECT_EQ(told.id, "1");
}

TEST_F(EventsTest, WhoComesLaterIsToldHowItIsThen) {
  Start(kNever);
  {
    EventReader first(server_->port(), kEvents);
    EXPECT_TRUE(first.NextOf("health"));
  }
  metrics_.LetterReceived("dlq", Reason::kExpired);
  bool is_new = false;
  for (int tries = 0; tries < 1000 && !is_new;
       ++tries) {  // the first one's leaving may take a while
    EventReader second(server_->port(), kEvents);
    is_new = second.NextOf("counts")->data.find(R"("received":1)") != std::string::npos;
  }
  EXPECT_TRUE(is_new);
}

TEST_F(EventsTest, AReplayIsToldUntilItHasEndedAndThenCountedNoMore) {
  ReplayRecord& replay = replays_->records.emplace_back();
  replay.id = ReplayId(TimeOrderedUuid(Instant(std::chrono::seconds(1'700'000'000))));
  replay.spec.selection_json = R"({"filter":{"execution_id":"4711"}})";
  replay.created_at = Instant(std::chrono::seconds(1'700'000'000));
  replay.counts = {.letters = 3, .pending = 3, .out = 0, .awaiting = 0, .ends = {}};
  Start(milliseconds(2), With({.event_heartbeat = milliseconds(20)}));
  EventReader reader(server_->port(), kEvents);
  EXPECT_EQ(reader.NextOf("replay")->data,
            R"({"id":")" + FormatUuid(replay.id.value()) +
                R"(","state":"running","reason":null,"created_at":"2023-11-14T22:13:20.000000Z",)"
                R"("ended_at":null,"counts":{"letters":3,"pending":3,"sent":0,"awaiting":0,)"
                R"("succeeded":0,"failed_again":0,"no_answer":0,"unroutable":0,"in_doubt":0,)"
                R"("taken":0,"withdrawn":0}})")
      << "nothing of what was selected";
  {
    const std::scoped_lock lock(replays_->entry);
    replay.state = ReplayState::kStopped;
    replay.reason = "two\nlines";
  }
  EXPECT_THAT(reader.NextOf("replay")->data,
              HasSubstr(R"("state":"stopped","reason":"two\nlines")"));
  {
    const std::scoped_lock lock(replays_->entry);
    replay.state = ReplayState::kDone;
    replay.ended_at = replay.created_at;
  }
  EXPECT_THAT(reader.NextOf("replay")->data, HasSubstr(R"("state":"done")"));
  const auto shown = [this] {
    const std::scoped_lock lock(replays_->entry);
    return replays_->shown;
  };
  (void)reader.NextOf("");
  const int before = shown();
  for (int beat = 0; beat < 3; ++beat) EXPECT_EQ(reader.Next().value().name, "");
  EXPECT_EQ(shown(), before);
  EventReader later(server_->port(), kEvents);
  EXPECT_THAT(later.NextOf("replay")->data, HasSubstr(R"("state":"done")"));
}

TEST_F(EventsTest, P5_WhileTheLedgerIsAwayTheOthersGoOn) {
  replays_->records.emplace_back().state = ReplayState::kPaused;
  Start();
  EventReader reader(server_->port(), kEvents);
  EXPECT_TRUE(reader.NextOf("replay"));
  {
    const std::scoped_lock lock(replays_->entry);
    replays_->error = LedgerError{LedgerFault::kUnavailable, "", "gone"};
  }
  health_.Set("ledger", HealthState::kMissing, "gone");
  EXPECT_THAT(reader.NextOf("health")->data, HasSubstr("gone"));
  metrics_.LetterReceived("dlq", Reason::kExpired);
  EXPECT_TRUE(reader.NextOf("counts"));
  {
    const std::scoped_lock lock(replays_->entry);
    replays_->error.reset();
    replays_->records[0].state = ReplayState::kRunning;
  }
  EXPECT_THAT(reader.NextOf("replay")->data, HasSubstr("running"));
}

TEST_F(EventsTest, P9_OneTooManyIsToldToComeAgain) {
  Start(milliseconds(2), With({.max_event_streams = 1}));
  auto first = std::make_unique<EventReader>(server_->port(), kEvents);
  EXPECT_EQ(first->status(), 200);
  const RawAnswer refused = Ask("GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(refused.status, 503);
  EXPECT_TRUE(refused.Has("Content-Type: application/problem+json"));
  EXPECT_TRUE(refused.Has("Retry-After: 10")) << refused.headers;
  EXPECT_THAT(refused.body, HasSubstr("1 follow the events already"));
  EXPECT_EQ(Ask("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").status, 200);
  first.reset();
  bool has_room = false;
  for (int tries = 0; tries < 10'000 && !has_room; ++tries) has_room = HasRoom();
  EXPECT_TRUE(has_room) << "who hangs up leaves at once";
}

// P9: nobody takes the room of the others.
TEST_F(EventsTest, P9_OneCallerMayFollowSoOftenAndTheOthersAllTheSame) {
  const test::TemporaryFolder folder;
  const std::string path = folder / "tokens";
  const SystemClock clock;
  const auto bearer = [&](const std::string& name) {
    const auto token = AddToken(path, {.name = name, .role = Role::kViewer}, clock.Now()).value();
    return "Authorization: Bearer " + token + "\r\n";
  };
  const std::string greedy = bearer("greedy");
  const std::string other = bearer("other");
  const auto tokens = std::move(*Tokens::Open(path, clock));
  Start(milliseconds(2), With({}, tokens.get()));
  std::vector<std::unique_ptr<EventReader>> following;
  for (int count = 0; count < 8; ++count) {
    following.push_back(std::make_unique<EventReader>(server_->port(), kEvents,
                                                      test::EventReaderOptions{.headers = greedy}));
    ASSERT_EQ(following.back()->status(), 200);
  }
  ASSERT_EQ(EventReader(server_->port(), kEvents, {.headers = greedy}).status(), 429);
  const RawAnswer refused = Ask("GET /v1/events HTTP/1.1\r\nHost: localhost\r\n" + greedy + "\r\n");
  EXPECT_EQ(refused.status, 429);
  EXPECT_TRUE(refused.Has("Content-Type: application/problem+json"));
  EXPECT_TRUE(refused.Has("Retry-After: 10")) << refused.headers;
  EXPECT_THAT(refused.body, HasSubstr("the token follows the events already by 8 streams"));
  EventReader another(server_->port(), kEvents, {.headers = other});
  EXPECT_EQ(another.status(), 200);
  for (const auto& each : following) EXPECT_TRUE(each->NextOf("health"));
  following.pop_back();
  bool has_room = false;
  for (int tries = 0; tries < 10'000 && !has_room; ++tries)
    has_room = EventReader(server_->port(), kEvents, {.headers = greedy}).status() == 200;
  EXPECT_TRUE(has_room) << "whose stream ends may follow by another one";
  server_->Stop();
}

// He is told of hundreds of states, and takes none; only the kernel's buffers are ever his.
TEST_F(EventsTest, P9_WhoDoesNotReadHoldsNothingAndIsLetGo) {
  Start(milliseconds(1), With({.max_event_streams = 2, .client_timeout = milliseconds(500)}));
  EventReader idle(server_->port(), kEvents, {.headers = "", .receive_buffer_bytes = 1});
  EventReader reader(server_->port(), kEvents);
  ASSERT_EQ(reader.status(), 200);
  const std::string padding(2000, 'x');
  std::size_t told_bytes = 0;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  for (int number = 0; !HasRoom() || told_bytes < (std::size_t{1} << 20); ++number) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "nobody is let go";
    const std::string mark = "state " + std::to_string(number) + ";";
    health_.Set("part", HealthState::kWarning, mark + padding);
    const auto event = reader.NextOf(
        "health", [&](const std::string& data) { return data.find(mark) != std::string::npos; });
    ASSERT_TRUE(event) << "the other one holds this one up";
    told_bytes += event->data.size();
  }
  EXPECT_LT(idle.BytesLeft(), std::size_t{256} << 10) << "of " << told_bytes;
}

TEST_F(EventsTest, AStopEndsTheStreamsInOrder) {
  Start(kNever);
  EventReader first(server_->port(), kEvents);
  EventReader second(server_->port(), kEvents);
  EXPECT_TRUE(first.NextOf("health"));
  EXPECT_TRUE(second.NextOf("health"));
  server_->Stop();
  EXPECT_TRUE(first.EndsInOrder());
  EXPECT_TRUE(second.EndsInOrder());
}

TEST_F(EventsTest, AStopWaitsForNobodyWhoDoesNotRead) {
  Start(milliseconds(1));
  EventReader idle(server_->port(), kEvents, {.headers = "", .receive_buffer_bytes = 1});
  EventReader reader(server_->port(), kEvents);
  for (int number = 0; number < 200; ++number) {
    const std::string mark = "state " + std::to_string(number) + ";";
    health_.Set("part", HealthState::kWarning, mark + std::string(2000, 'x'));
    ASSERT_TRUE(reader.NextOf(
        "health", [&](const std::string& data) { return data.find(mark) != std::string::npos; }));
  }
  server_->Stop();
  EXPECT_TRUE(reader.EndsInOrder());
  EXPECT_FALSE(idle.EndsInOrder());
}

TEST_F(EventsTest, ATokenThatWasTakenOutEndsItsStream) {
  const test::TemporaryFolder folder;
  const std::string path = folder / "tokens";
  const SystemClock clock;
  const auto add = [&](const std::string& name) {
    return AddToken(path, {.name = name, .role = Role::kViewer}, clock.Now()).value();
  };
  const std::string gone = add("gone");
  const auto bearer = [](const std::string& token) {
    return "Authorization: Bearer " + token + "\r\n";
  };
  const std::string stays = add("stays");
  const auto tokens = std::move(*Tokens::Open(path, clock));
  Start(milliseconds(2), With({}, tokens.get()));
  EXPECT_EQ(EventReader(server_->port(), kEvents).status(), 401);
  EXPECT_EQ(EventReader(server_->port(), kEvents, {.headers = bearer("guess")}).status(), 401);
  EXPECT_EQ(EventReader(server_->port(), std::string(kEvents) + "?token=" + stays).status(), 401)
      << "only the header counts";
  EventReader first(server_->port(), kEvents, {.headers = bearer(gone)});
  EventReader second(server_->port(), kEvents, {.headers = bearer(stays)});
  EXPECT_TRUE(first.NextOf("health"));
  EXPECT_TRUE(second.NextOf("health"));
  {
    std::ifstream read(path);
    std::string text;
    for (std::string line; std::getline(read, line);) {
      if (!line.starts_with("gone ")) text += line + "\n";
    }
    // As a whole: of half a file, whoever is in the other half is nobody.
    std::ofstream(path + ".new") << text;
    std::filesystem::rename(path + ".new", path);
  }
  EXPECT_TRUE(first.EndsInOrder());
  health_.Set("ledger", HealthState::kReady);
  EXPECT_TRUE(second.NextOf("health")) << "it goes on";
  std::filesystem::remove(path);
  EXPECT_TRUE(second.EndsInOrder()) << "nobody is known";
  server_->Stop();
}

TEST_F(EventsTest, WhatIsNotAskedForAsItMustBeIsRefused) {
  Start();
  const RawAnswer old = Ask("GET /v1/events HTTP/1.0\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(old.status, 505);
  EXPECT_THAT(old.body, HasSubstr("needs HTTP/1.1"));
  const RawAnswer post =
      Ask("POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(post.status, 405);
  EXPECT_TRUE(post.Has("Allow: GET, HEAD")) << post.headers;
  EXPECT_EQ(Ask("GET /v1/events?a=b HTTP/1.1\r\nHost: localhost\r\n\r\n").status, 400);
  EXPECT_EQ(Ask("GET /v1/events HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n").status, 421);
  EXPECT_EQ(Ask("GET /v1/events HTTP/1.1\r\nHost: localhost\r\n"
                "Origin: https://elsewhere.example\r\n\r\n")
                .status,
            403);
  RawClient client(server_->port());
  client.Send("HEAD /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const RawAnswer head = client.Receive(true);
  EXPECT_EQ(head.status, 200);
  EXPECT_TRUE(head.Has("Content-Type: text/event-stream"));
  EXPECT_TRUE(client.IsClosed());
}

// Else it would not be seen to leave.
TEST_F(EventsTest, WhoSendsMoreHasHisStreamEnded) {
  Start();
  RawClient client(server_->port());
  client.SendGet(kEvents);
  ASSERT_TRUE(client.IsReadable(20'000));
  client.Send(std::string(100'000, 'x'));
  const RawAnswer answer = client.Receive();
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.is_whole);
  EXPECT_THAT(answer.body, HasSubstr("event: health"));
  EventReader reader(server_->port(), kEvents);
  EXPECT_TRUE(reader.NextOf("health"));
}

}  // namespace
}  // namespace deadletter::http
