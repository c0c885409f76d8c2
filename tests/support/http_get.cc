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

HttpAnswer HttpPost(const std::string& url, const std::string& json,
                    const std::vector<std::string>& more_headers, std::chrono::seconds limit) {
  HttpRequest request = To(url);
  request.method = "POST";
  // Of an empty body nothing is said.
  request.headers = {json.empty() ? "Content-Type:" : "Content-Type: application/json"};
  request.headers.insert(request.headers.end(), more_headers.begin(), more_headers.end());
  request.body = json;
  request.limit = limit;
  return Answered(request);
}

}  // namespace deadletter::test
