// What people do, through a real socket: every call, every role, every refusal.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <regex>

#include "http/openapi.h"
#include "http/raw_client_test_support.h"
#include "http/server.h"
#include "operations/ledger_test_support.h"
#include "tests/support/temporary_folder.h"

namespace deadletter::http {
namespace {

using test::kJson;
using test::RawAnswer;
using test::RawClient;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

const std::string kLetter = test::kFirstLetter;
const std::string kNobody = "/v1/letters/01980000-0000-0000-0000-0000000000ff";

class PeopleTest : public ::testing::Test {
 protected:
  PeopleTest() {
    ledger_->Add().message.body = R"({"password":"secret","n":1})";
    ledger_->Add().message.body = "password=secret";
    for (const Role role : {Role::kViewer, Role::kOperator, Role::kAdmin}) {
      const std::string name(RoleName(role));
      tokens_[name] = AddToken(path_, {.name = name, .role = role}, clock_.Now()).value();
    }
    known_ = std::move(*Tokens::Open(path_, clock_));
    ServerOptions options;
    options.port = 0;
    options.tokens = known_.get();
    server_ = std::make_unique<Server>(std::move(options), operations_, health_, metrics_);
    const auto started = server_->Start();
    EXPECT_TRUE(started) << started.error().message;
  }

  // `role` empty: without a token.
  RawAnswer Ask(const std::string& method, const std::string& role, const std::string& target,
                const std::string& body = "", const std::string& headers = kJson) {
    RawClient client(server_->port());
    std::string request = method + " " + target + " HTTP/1.1\r\nHost: deadletter.example\r\n";
    if (!role.empty()) request += "Authorization: Bearer " + tokens_.at(role) + "\r\n";
    if (method == "POST")
      request += headers + "Content-Length: " + std::to_string(body.size()) + "\r\n";
    client.Send(request + "\r\n" + body);
    RawAnswer answer = client.Receive();
    const bool is_problem = answer.status >= 400;
    EXPECT_EQ(answer.Has("Content-Type: application/problem+json"), is_problem) << answer.headers;
    if (is_problem) {
      EXPECT_EQ(boost::json::parse(answer.body).at("status"), answer.status);
    }
    return answer;
  }
  RawAnswer Post(const std::string& role, const std::string& target, const std::string& body) {
    return Ask("POST", role, target, body);
  }
  RawAnswer Get(const std::string& role, const std::string& target) {
    return Ask("GET", role, target);
  }

  test::TemporaryFolder folder_;
  const std::string path_ = folder_ / "tokens";
  const SystemClock clock_;
  std::map<std::string, std::string> tokens_;
  std::unique_ptr<Tokens> known_;
  std::shared_ptr<test::FakeLedger> ledger_ = std::make_shared<test::FakeLedger>();
  Operations operations_{test::ReadersOver(ledger_),
                         {.redaction = Redaction({"/password", "/payload/worker_id"},
                                                 LetterFormat::Default(), 1 << 20)}};
  Health health_;
  Metrics metrics_;
  std::unique_ptr<Server> server_;
};

TEST_F(PeopleTest, P8_ANoteIsMadeAndShownAndAuditedUnderItsAuthorsName) {
  const RawAnswer made = Post("operator", kLetter + "/notes", R"({"text":"looked"})");
  EXPECT_EQ(made.status, 201);
  const auto note = boost::json::parse(made.body);
  EXPECT_EQ(note.at("who"), "operator");
  EXPECT_EQ(boost::json::parse(Get("viewer", kLetter).body).at("notes").at(0), note);
  const auto audit = boost::json::parse(Get("admin", "/v1/audit?what=note").body);
  ASSERT_THAT(audit.at("items").as_array(), SizeIs(1));
  EXPECT_EQ(audit.at("items").at(0).at("who"), "operator");
  EXPECT_EQ(audit.at("items").at(0).at("subject").as_string(), kLetter.substr(12));
}

TEST_F(PeopleTest, TagsAreChangedShownAndFoundBy) {
  const RawAnswer changed = Post("admin", kLetter + "/tags", R"({"add":["bad-deploy"]})");
  EXPECT_EQ(changed.status, 200);
  EXPECT_EQ(changed.body, R"({"tags":["bad-deploy"]})");
  EXPECT_EQ(boost::json::parse(Get("viewer", kLetter).body).at("tags").at(0), "bad-deploy");
  EXPECT_THAT(Get("viewer", "/v1/letters?tag=bad-deploy").body, HasSubstr(kLetter.substr(12)));
  EXPECT_THAT(Get("viewer", "/v1/letters?tag=good").body, HasSubstr("\"items\":[]"));
}

TEST_F(PeopleTest, EachCallNeedsItsRole) {
  const std::string text = R"({"text":"x"})";
  const std::string add = R"({"add":["x"]})";
  for (const auto& [role, allowed] :
       {std::pair<std::string, int>{"", 0}, {"viewer", 1}, {"operator", 2}, {"admin", 3}}) {
    const auto status = [&](int needed, int good) {
      return allowed == 0 ? 401 : (allowed < needed ? 403 : good);
    };
    EXPECT_EQ(Get(role, "/v1/openapi.json").status, status(1, 200)) << role;
    EXPECT_EQ(Get(role, "/v1/letters").status, status(1, 200)) << role;
    EXPECT_EQ(Get(role, kLetter).status, status(1, 200)) << role;
    EXPECT_EQ(Get(role, kLetter + "/body").status, status(1, 200)) << role;
    EXPECT_EQ(Get(role, "/v1/executions/7/explain").status, status(1, 404)) << role;
    EXPECT_EQ(Post(role, kLetter + "/notes", text).status, status(2, 201)) << role;
    EXPECT_EQ(Post(role, kLetter + "/tags", add).status, status(2, 200)) << role;
    EXPECT_EQ(Get(role, "/v1/audit").status, status(3, 200)) << role;
    EXPECT_EQ(Get(role, kLetter + "?reveal=true").status, status(3, 200)) << role;
    EXPECT_EQ(Get(role, kLetter + "/body?reveal=true").status, status(3, 200)) << role;
  }
  EXPECT_THAT(ledger_->letters.front().notes, SizeIs(2));
}

TEST_F(PeopleTest, EveryMistakeHasItsStatus) {
  struct Mistake {
    std::string target;
    std::string body;
    int status;
  };
  for (const auto& [target, body, status] :
       {Mistake{kLetter + "/notes", "{", 400}, Mistake{kLetter + "/notes", "", 400},
        Mistake{kLetter + "/notes", R"({"note":"x"})", 400},
        Mistake{kLetter + "/notes?x=1", R"({"text":"x"})", 400},
        Mistake{kLetter + "/notes", R"({"text":""})", 422},
        Mistake{kLetter + "/notes", R"({"text":")" + std::string(5'000, 'x') + R"("})", 422},
        Mistake{kLetter + "/tags", R"({"add":5})", 400},
        Mistake{kLetter + "/tags", R"({"add":["a b"]})", 422},
        Mistake{kLetter + "/tags", R"({})", 422},
        Mistake{kNobody + "/notes", R"({"text":"x"})", 404},
        Mistake{kNobody + "/tags", R"({"add":["x"]})", 404},
        Mistake{"/v1/letters/x/notes", R"({"text":"x"})", 404},
        Mistake{kLetter + "/nothing", R"({"text":"x"})", 404},
        Mistake{kLetter, R"({"text":"x"})", 405}, Mistake{"/v1/audit", "{}", 405},
        Mistake{kLetter + "/notes", std::string((1 << 20) + 1, ' '), 413}}) {
    EXPECT_EQ(Post("operator", target, body).status, status) << target << " " << body.substr(0, 40);
  }
  EXPECT_EQ(
      Ask("POST", "operator", kLetter + "/notes", R"({"text":"x"})", "Content-Type: text/plain\r\n")
          .status,
      415);
  EXPECT_EQ(Get("viewer", kLetter + "/notes").status, 405);
  EXPECT_EQ(Get("admin", kLetter + "?reveal=yes").status, 400);
  EXPECT_EQ(Get("admin", "/v1/audit?since=yesterday").status, 400);
  EXPECT_EQ(Get("admin", "/v1/executions/7/explain?limit=1").status, 400);
  EXPECT_THAT(ledger_->audit, IsEmpty());
  const RawAnswer wrong = Get("viewer", kLetter + "/tags");
  EXPECT_TRUE(wrong.Has("Allow: POST")) << wrong.headers;
}

TEST_F(PeopleTest, ALedgerThatCannotBeWrittenIsUnavailable) {
  ledger_->audit_error = LedgerError{LedgerFault::kUnavailable, "", "no connection"};
  for (const RawAnswer& answer :
       {Post("operator", kLetter + "/notes", R"({"text":"x"})"),
        Post("operator", kLetter + "/tags", R"({"add":["x"]})"),
        Get("admin", kLetter + "?reveal=true"), Get("admin", "/v1/audit")}) {
    EXPECT_EQ(answer.status, 503);
    EXPECT_TRUE(answer.Has("Retry-After: 5")) << answer.headers;
    EXPECT_THAT(answer.body, Not(HasSubstr("secret")));
  }
}

TEST_F(PeopleTest, WhatIsRedactedLeavesOnlyWhereAnAdminSaysSo) {
  const std::string unreadable = "/v1/letters/01980000-0000-0000-0000-000000000002";
  for (const std::string role : {"viewer", "operator", "admin"}) {
    for (const std::string& target :
         {std::string("/v1/letters"), kLetter, kLetter + "/body", kLetter + "?reveal=false",
          unreadable, unreadable + "/body"}) {
      EXPECT_THAT(Get(role, target).body, Not(HasSubstr("secret"))) << role << " " << target;
    }
    EXPECT_EQ(Get(role, unreadable + "/body").status, 403);
    EXPECT_EQ(Get(role, "/v1/letters?worker_id=7").status, role == "admin" ? 200 : 403);
  }
  EXPECT_EQ(Get("viewer", kLetter + "/body").body, R"({"password":"***","n":1})");
  EXPECT_THAT(ledger_->audit, IsEmpty());
  EXPECT_THAT(Get("admin", kLetter + "?reveal=true").body, HasSubstr("secret"));
  EXPECT_EQ(Get("admin", unreadable + "/body?reveal=true").body, "password=secret");
  ASSERT_THAT(ledger_->audit, SizeIs(2));
  EXPECT_EQ(ledger_->audit[1].subject, unreadable.substr(12));
  EXPECT_EQ(ledger_->audit[1].who, "admin");
}

TEST_F(PeopleTest, ReplaysAreMadeAndSteeredByOperatorsAndSeenByViewers) {
  const std::string replay = "/v1/replays/01980000-0000-0000-0000-0000000000ff";
  const std::string body = R"({"filter":{"state":"open"}})";
  for (const std::string& target :
       {std::string("/v1/replays"), replay + "/pause", replay + "/resume", replay + "/cancel"}) {
    EXPECT_EQ(Post("", target, body).status, 401) << target;
    const RawAnswer refused = Post("viewer", target, body);
    EXPECT_EQ(refused.status, 403) << target;
    EXPECT_THAT(refused.headers, HasSubstr("insufficient_scope")) << target;
    // Let in: this server replays nothing, and says so.
    const RawAnswer answered = Post("operator", target, body);
    EXPECT_EQ(answered.status, 409) << target;
    EXPECT_THAT(answered.body, HasSubstr("nothing is replayed"));
    EXPECT_EQ(Post("operator", target + "?x=1", body).status, 400) << target;
  }
  for (const std::string& target : {std::string("/v1/replays"), replay, replay + "/letters"}) {
    EXPECT_EQ(Get("", target).status, 401) << target;
    EXPECT_EQ(Get("viewer", target).status, 409) << target;
    EXPECT_EQ(Get("viewer", target + "?x=1").status, 400) << target;
  }
  EXPECT_EQ(Get("admin", replay + "/pause").status, 405);
  EXPECT_THAT(ledger_->audit, IsEmpty());
}

TEST_F(PeopleTest, P8_LettersAreDiscardedByOperatorsAndExportedByViewers) {
  const std::string body = R"({"filter":{"state":"open"},"why":"test data"})";
  EXPECT_EQ(Post("", "/v1/discards", body).status, 401);
  EXPECT_EQ(Post("viewer", "/v1/discards", body).status, 403);
  EXPECT_EQ(Get("", "/v1/export?state=open").status, 401);
  EXPECT_THAT(Get("viewer", "/v1/export?state=open").body, Not(HasSubstr("secret")));
  EXPECT_EQ(Get("viewer", "/v1/export").status, 400);
  EXPECT_EQ(Get("viewer", "/v1/export?worker_id=7").status, 403);
  EXPECT_EQ(Post("viewer", "/v1/export", body).status, 405);
  EXPECT_EQ(Post("operator", "/v1/discards?x=1", body).status, 400);
  EXPECT_EQ(Post("operator", "/v1/discards", "{}").status, 400);
  EXPECT_EQ(Post("operator", "/v1/discards", R"({"filter":{"state":"closed"}})").status, 422);
  const RawAnswer done = Post("operator", "/v1/discards", body);
  EXPECT_EQ(done.status, 200);
  EXPECT_EQ(boost::json::parse(done.body).at("discarded"), 2);
  EXPECT_EQ(Post("operator", "/v1/discards", R"({"filter":{"state":"closed"}})").status, 409);
  const auto audit = boost::json::parse(Get("admin", "/v1/audit?what=discard").body);
  ASSERT_THAT(audit.at("items").as_array(), SizeIs(1));
  EXPECT_EQ(audit.at("items").at(0).at("letters"), 2);
}

TEST_F(PeopleTest, P3_AnIdempotencyKeyThatWouldKeepNothingFromBeingDoneTwiceIsRefused) {
  const std::string body = R"({"filter":{"state":"open"}})";
  std::vector<std::string> targets;
  const auto document = boost::json::parse(OpenApiDocument("/"));
  for (const auto& [path, calls] : document.at("paths").as_object()) {
    if (!calls.as_object().contains("post") || path == "/v1/executions") continue;
    targets.push_back(std::regex_replace(std::string(path), std::regex("[{][a-z]+[}]"), "x"));
  }
  targets.push_back(kLetter + "/notes");
  EXPECT_GT(targets.size(), 10U);
  for (const std::string& target : targets) {
    for (const char* key : {"Idempotency-Key: \"8e03978e-40d5\"\r\n", "idempotency-key:\r\n"}) {
      const RawAnswer refused = Ask("POST", "operator", target, body,
                                    "Content-Type: application/json\r\n" + std::string(key));
      EXPECT_EQ(refused.status, 400) << target;
      EXPECT_THAT(refused.body,
                  HasSubstr("an Idempotency-Key is taken by POST /v1/executions only"));
    }
  }
  EXPECT_THAT(ledger_->audit, IsEmpty());
  EXPECT_EQ(
      Ask("POST", "viewer", kLetter + "/notes", "{}", std::string(kJson) + "Idempotency-Key: x\r\n")
          .status,
      403);
}

TEST_F(PeopleTest, GroupsAndStatisticsAreSeenByViewersAndMutedByOperators) {
  const std::string id = "0a000000000000000000000000000000";
  const std::string mute = "/v1/groups/" + id + "/mute";
  ledger_->groups.resize(1);
  ledger_->groups[0].group = GroupIdFromHex(id).value();
  const std::string hour = R"({"for":3600})";
  for (const auto& [role, allowed] :
       {std::pair<std::string, int>{"", 0}, {"viewer", 1}, {"operator", 2}, {"admin", 3}}) {
    const auto status = [&](int needed) {
      return allowed == 0 ? 401 : (allowed < needed ? 403 : 200);
    };
    EXPECT_EQ(Get(role, "/v1/groups").status, status(1)) << role;
    EXPECT_EQ(Get(role, "/v1/stats").status, status(1)) << role;
    EXPECT_EQ(Post(role, mute, hour).status, status(2)) << role;
  }
  EXPECT_THAT(ledger_->audit, SizeIs(2));
  EXPECT_THAT(Get("viewer", "/v1/groups").body, HasSubstr("\"muted_by\":\"admin\""));
  EXPECT_EQ(Get("viewer", "/v1/groups?muted=x").status, 400);
  EXPECT_EQ(Get("viewer", "/v1/groups?cursor=x").status, 400);
  EXPECT_EQ(Get("viewer", "/v1/stats?since=x").status, 400);
  EXPECT_EQ(Get("operator", mute).status, 405);
  EXPECT_EQ(Post("operator", mute + "?x=1", hour).status, 400);
  EXPECT_EQ(Post("operator", mute, R"({"for":"1h"})").status, 400);
  EXPECT_EQ(Post("operator", "/v1/groups/x/mute", hour).status, 404);
  EXPECT_EQ(Post("operator", "/v1/groups/" + std::string(32, 'f') + "/mute", hour).status, 404);
  EXPECT_EQ(Ask("POST", "operator", mute, hour, "Content-Type: text/plain\r\n").status, 415);
  ledger_->groups_error = LedgerError{LedgerFault::kUnavailable, "", "no connection"};
  EXPECT_EQ(Get("viewer", "/v1/groups").status, 503);
}

TEST_F(PeopleTest, AReplayIsNotSelectedByWhatIsRedacted) {
  const std::string body = R"({"filter":{"worker_id":"7"}})";
  EXPECT_EQ(Post("operator", "/v1/replays", body).status, 403);
  EXPECT_EQ(Post("admin", "/v1/replays", body).status, 409);
}

}  // namespace
}  // namespace deadletter::http
