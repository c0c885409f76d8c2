#include "http/router.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "operations/ledger_test_support.h"
#include "operations/work_test_support.h"

namespace deadletter::http {
namespace {

using test::kFirstLetter;

class RouterTest : public ::testing::Test {
 protected:
  RouterTest() { ledger_->Add().message.body = "hello"; }

  static std::vector<LedgerReaders> Readers(const std::shared_ptr<test::FakeLedger>& ledger) {
    std::vector<LedgerReaders> readers;
    readers.push_back(
        {.catalog = std::make_unique<test::FakeCatalog>(ledger), .executions = nullptr});
    return readers;
  }

  Response Answer(const Request& request, const std::string& base_path = "/") {
    Router router(
        {.host = "127.0.0.1", .port = 8025, .base_path = base_path, .pair_name = "embedded"},
        operations_, health_, metrics_);
    return router.Route(request).make();
  }

  Response Get(const std::string& target, const std::string& base_path = "/") {
    return Answer({.method = "GET", .target = target, .hosts = {"localhost:8025"}}, base_path);
  }

  std::shared_ptr<test::FakeLedger> ledger_ = std::make_shared<test::FakeLedger>();
  Operations operations_{Readers(ledger_), {}};
  Health health_;
  Metrics metrics_;
};

void ExpectProblem(const Response& response, unsigned status, const std::string& detail) {
  EXPECT_EQ(response.status, status);
  EXPECT_EQ(response.content_type, "application/problem+json");
  const auto problem = boost::json::parse(response.body).as_object();
  EXPECT_EQ(problem.at("type").as_string(), "about:blank");
  EXPECT_FALSE(problem.at("title").as_string().empty());
  EXPECT_EQ(problem.at("status").as_int64(), status);
  EXPECT_EQ(std::string(problem.at("detail").as_string()), detail);
}

std::string HeaderOf(const Response& response, const std::string& name) {
  for (const auto& [header, value] : response.headers) {
    if (header == name) return value;
  }
  return {};
}

TEST_F(RouterTest, WhatIsThereIsAnswered) {
  for (const auto& [target, type] :
       {std::pair{"/healthz", "application/json"}, std::pair{"/healthz?now", "application/json"},
        std::pair{"/metrics", "text/plain; version=0.0.4; charset=utf-8"},
        std::pair{"/v1/openapi.json", "application/json"},
        std::pair{"/v1/letters", "application/json"},
        std::pair{"/v1/letters?state=open&limit=5", "application/json"},
        std::pair{kFirstLetter, "application/json"}}) {
    const Response response = Get(target);
    EXPECT_EQ(response.status, 200U) << target << response.body;
    EXPECT_EQ(response.content_type, type) << target;
  }
}

TEST_F(RouterTest, TheBodyIsSavedNotShown) {
  const Response response = Get(std::string(kFirstLetter) + "/body");
  EXPECT_EQ(response.status, 200U);
  EXPECT_EQ(response.body, "hello");
  EXPECT_EQ(response.content_type, "application/octet-stream");
  EXPECT_EQ(HeaderOf(response, "Content-Disposition"),
            "attachment; filename=\"01980000-0000-0000-0000-000000000001.bin\"");
}

TEST_F(RouterTest, AnythingElseIsNotFound) {
  for (const std::string target :
       {"/", "/v1", "/v1/", "/v1/letters/x/y", "/v1/openapi.json/", "/healthz/", "//healthz",
        "/Healthz", "/v1/nothing", "/v1/letters/x/body/"}) {
    ExpectProblem(Get(target), 404, "nothing is at " + target);
  }
  ExpectProblem(Get("/secret?token=abc"), 404, "nothing is at /secret");
  ExpectProblem(Get("/v1/letters/"), 404,
                "no letter has the id '': an id is a UUID, as lists give it");
  ExpectProblem(Get("/v1/letters/%2e%2e%2fx"), 404,
                "no letter has the id '../x': an id is a UUID, as lists give it");
  ExpectProblem(Get("/v1/letters/01980000-0000-0000-0000-0000000000ff/body"), 404,
                "no letter has the id 01980000-0000-0000-0000-0000000000ff");
}

TEST_F(RouterTest, OtherMethodsAreNotAllowedAndThoseAllowedAreNamed) {
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "get", "BREW"}) {
    for (const char* target : {"/healthz", "/readyz", "/metrics", "/v1/letters", kFirstLetter}) {
      const Response response =
          Answer({.method = method, .target = target, .hosts = {"localhost"}});
      ExpectProblem(response, 405,
                    std::string("only GET and HEAD are allowed here, not ") + method);
      EXPECT_EQ(HeaderOf(response, "Allow"), "GET, HEAD");
    }
  }
  EXPECT_EQ(Answer({.method = "POST", .target = "/nothing", .hosts = {"localhost"}}).status, 404U);
}

TEST_F(RouterTest, AMistakeInTheQuestionIsABadRequest) {
  ExpectProblem(Get("/v1/letters?state=x"), 400, "state must be open, waiting or closed, not 'x'");
  ExpectProblem(Get("/v1/letters?queue=%00"), 400, "queue must be UTF-8 without NUL");
  ExpectProblem(Get("/v1/letters?queue=%f"), 400,
                "the query holds a % that is not followed by two hexadecimal digits");
  ExpectProblem(Get("/v1/%/letters"), 400,
                "the path holds a % that is not followed by two hexadecimal digits");
  ExpectProblem(Get("*"), 400, "the request's target must begin with /");
  ExpectProblem(Get(std::string(kFirstLetter) + "?x=1"), 400,
                "one letter takes no parameter but reveal, once");
  ExpectProblem(Get("/v1/openapi.json?x=1"), 400, "the document takes no parameters");
}

TEST_F(RouterTest, ALedgerThatIsAwayIsUnavailableForAWhile) {
  ledger_->catalog_error =
      LedgerError{.fault = LedgerFault::kUnavailable, .code = "", .message = "no connection"};
  for (const std::string target : {"/v1/letters", kFirstLetter}) {
    const Response response = Get(target);
    ExpectProblem(response, 503, "the ledger could not be read: no connection");
    EXPECT_EQ(HeaderOf(response, "Retry-After"), "5");
  }
  ledger_->catalog_error->fault = LedgerFault::kStatement;
  ExpectProblem(Get("/v1/letters"), 500, "the ledger could not be read: no connection");
}

TEST_F(RouterTest, OnlyWhatAsksTheLedgerOrWaitsForWorkMayWait) {
  const auto queues = std::make_shared<test::FakeQueues>(std::make_shared<test::StandingClock>());
  Work work(test::WorkPortsOver(queues, ledger_), {});
  RouterOptions options{.host = "127.0.0.1", .port = 8025, .base_path = "/", .pair_name = ""};
  Router without_work(options, operations_, health_, metrics_);
  options.work = &work;
  Router router(options, operations_, health_, metrics_);
  const auto made_by = [&](const std::string& method, const std::string& target) {
    return router.Route({.method = method, .target = target, .hosts = {"localhost"}}).made_by;
  };
  for (const char* target : {"/healthz", "/readyz", "/metrics", "/nothing", "/v1/openapi.json"})
    EXPECT_EQ(made_by("GET", target), MadeBy::kSockets) << target;
  for (const char* target : {"/v1/letters", kFirstLetter})
    EXPECT_EQ(made_by("GET", target), MadeBy::kLedger) << target;
  for (const char* target :
       {"/v1/executions", "/v1/deliveries/1-1/ack", "/v1/deliveries/1-1/extend"})
    EXPECT_EQ(made_by("POST", target), MadeBy::kLedger) << target;
  EXPECT_EQ(made_by("POST", "/v1/queues/work/lease"), MadeBy::kWaiting);
  // That there is none is known at once.
  for (const char* target : {"/v1/executions", "/v1/queues/work/lease", "/v1/deliveries/1-1/ack"}) {
    const Request request{.method = "POST", .target = target, .hosts = {"localhost"}};
    EXPECT_EQ(without_work.Route(request).made_by, MadeBy::kSockets) << target;
  }
}

TEST_F(RouterTest, EverythingIsBelowTheBasePath) {
  for (const std::string base : {"/dead/letters", "/dead/letters/"}) {
    EXPECT_EQ(Get("/dead/letters/healthz", base).status, 200U);
    EXPECT_EQ(Get("/dead/letters/v1/letters", base).status, 200U);
    for (const char* target :
         {"/healthz", "/dead/healthz", "/dead", "/", "/dead/letters", "/deadly/letters/healthz"}) {
      EXPECT_EQ(Get(target, base).status, 404U) << target;
    }
    const auto document = boost::json::parse(Get("/dead/letters/v1/openapi.json", base).body);
    EXPECT_EQ(document.at("servers").at(0).at("url"), boost::json::value(base));
  }
}

TEST_F(RouterTest, ReadyNamesThePairAndWarnings) {
  health_.Set("ledger", HealthState::kReady);
  health_.Set("queue a", HealthState::kWarning, "somebody else consumes it");
  const Response response = Get("/readyz");
  EXPECT_EQ(response.status, 200U);
  EXPECT_EQ(boost::json::parse(response.body),
            boost::json::parse(R"({"ready": true, "pair": "embedded", "parts": [
    {"part": "ledger", "state": "ready", "message": ""},
    {"part": "queue a", "state": "warning", "message": "somebody else consumes it"}]})"));
}

TEST_F(RouterTest, NotReadyNamesWhatIsMissing) {
  health_.Set("ledger", HealthState::kMissing, "no connection");
  health_.Set("queue a", HealthState::kMissing);
  health_.Set("queue b", HealthState::kReady);
  const Response response = Get("/readyz");
  ExpectProblem(response, 503, "missing: ledger (no connection); queue a");
  const auto answer = boost::json::parse(response.body).as_object();
  EXPECT_EQ(answer.at("pair").as_string(), "embedded");
  EXPECT_EQ(answer.at("ready"), false);
  EXPECT_EQ(answer.at("parts").as_array().size(), 3U);
}

TEST_F(RouterTest, NotReadyBeforeAnyPartHasSpoken) {
  ExpectProblem(Get("/readyz"), 503, "the service is still starting");
}

}  // namespace
}  // namespace deadletter::http
