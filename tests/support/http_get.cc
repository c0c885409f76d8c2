#include "tests/support/http_get.h"

#include "base/http_call.h"

namespace deadletter::test {
namespace {

constexpr std::chrono::seconds kLimit{10};

HttpAnswer Answered(const HttpRequest& request) {
  auto reply = CallHttp(request);
  if (!reply) return {};
  return {.status = static_cast<int>(reply->status), .body = std::move(reply->body)};
}

HttpRequest To(const std::string& url) {
  HttpRequest request;
  request.url = url;
  request.limit = kLimit;
  return request;
}

}  // namespace

HttpAnswer HttpGet(const std::string& url) {
  return Answered(To(url));
}

HttpAnswer HttpPost(const std::string& url, const std::string& json) {
  HttpRequest request = To(url);
  request.method = "POST";
  // Of an empty body nothing is said.
  request.headers = {json.empty() ? "Content-Type:" : "Content-Type: application/json"};
  request.body = json;
  return Answered(request);
}

}  // namespace deadletter::test
