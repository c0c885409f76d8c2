// The calls of submitters and workers over HTTP, as tests make them.
#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <csignal>
#include <string>

#include "tests/support/http_get.h"
#include "tests/system/world.h"

namespace deadletter::test {

inline constexpr int kKilledByTest = 128 + SIGKILL;
inline const std::string kLeaseCall = std::string("/v1/queues/") + kWorkerQueue + "/lease";
inline const std::string kEcho =
    R"({"queue":"worker.7.executions","action":"core.echo","payload":{"text":"hello"}})";

inline boost::json::value Post(const std::string& url, const std::string& path,
                               const std::string& body, int expected_status = 200) {
  const HttpAnswer answer = HttpPost(url + path, body);
  EXPECT_EQ(answer.status, expected_status) << path << " " << answer.body;
  return answer.status == expected_status ? boost::json::parse(answer.body) : boost::json::value();
}

inline std::string CallOf(const boost::json::value& delivery, const std::string& what) {
  return "/v1/deliveries/" + std::string(delivery.at("id").as_string()) + "/" + what;
}

// The id of the one execution that `body` asks for.
inline ExecutionId Submit(const std::string& url, const std::string& body = kEcho) {
  const auto answer = Post(url, "/v1/executions", body, 201);
  const auto& ids = answer.at("execution_ids").as_array();
  EXPECT_EQ(ids.size(), 1u);
  return ParseExecutionId(ExecutionIdType::kInteger, std::string(ids.at(0).as_string())).value();
}

// What is given once something comes; each call waits for it no longer than a test's request may.
inline boost::json::array TakeWork(const std::string& url, const std::string& more = "") {
  boost::json::array deliveries;
  EXPECT_TRUE(WaitUntil([&] {
    const auto given = Post(url, kLeaseCall, R"({"wait":5)" + more + "}");
    if (!given.is_object()) return false;
    deliveries = given.at("deliveries").as_array();
    return !deliveries.empty();
  }));
  return deliveries;
}

}  // namespace deadletter::test
