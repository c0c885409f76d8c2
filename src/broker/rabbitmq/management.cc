#include "broker/rabbitmq/management.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/http_call.h"

namespace deadletter::rabbitmq {

namespace {

std::string UrlOf(const Endpoint& endpoint, const std::string& path) {
  const bool is_ipv6 = endpoint.host.find(':') != std::string::npos;
  return fmt::format("{}://{}:{}{}{}", endpoint.tls ? "https" : "http",
                     is_ipv6 ? "[" + endpoint.host + "]" : endpoint.host, endpoint.port,
                     endpoint.path, path);
}

}  // namespace

Management::Management(Endpoint endpoint, std::string ca_file, std::chrono::seconds limit)
    : endpoint_(std::move(endpoint)), ca_file_(std::move(ca_file)), limit_(limit) {}

BrokerResult<Management> Management::Make(const Options& options, std::chrono::seconds limit) {
  auto endpoint = ParseManagementUrl(options.management_url);
  if (!endpoint) return Unexpected<BrokerError>({BrokerFault::kRefused, endpoint.error().message});
  if (endpoint->user.empty() && !options.urls.empty()) {
    if (const auto broker = ParseAmqpUrl(options.urls.front())) {
      endpoint->user = broker->user;
      endpoint->password = broker->password;
    }
  }
  return Management(std::move(*endpoint), options.ca_file, limit);
}

BrokerResult<ManagementReply> Management::Call(
    const std::string& method, const std::string& path,
    const std::optional<boost::json::value>& body) const {
  HttpRequest request{.method = method,
                      .url = UrlOf(endpoint_, path),
                      .headers = {},
                      .body = {},
                      .user = endpoint_.user,
                      .password = endpoint_.password,
                      .ca_file = ca_file_,
                      .connect_limit = limit_,
                      .limit = limit_};
  if (body) {
    request.headers = {"Content-Type: application/json"};
    request.body = boost::json::serialize(*body);
  }
  const auto answer = CallHttp(request);
  if (!answer) {
    return Unexpected<BrokerError>(
        {BrokerFault::kUnreachable, fmt::format("management API at {}:{}: {}", endpoint_.host,
                                                endpoint_.port, answer.error().message)});
  }
  ManagementReply reply{.status = answer->status, .body = nullptr};
  boost::system::error_code not_json;
  auto parsed = boost::json::parse(answer->body, not_json);
  if (!not_json) reply.body = std::move(parsed);
  return reply;
}

BrokerResult<boost::json::value> Management::Get(const std::string& path) const {
  auto reply = Call("GET", path);
  if (!reply) return Unexpected<BrokerError>(reply.error());
  if (reply->status == 200) return std::move(reply->body);
  const auto fault = reply->status == 401 || reply->status == 403 ? BrokerFault::kRefused
                                                                  : BrokerFault::kUnreachable;
  return Unexpected<BrokerError>(
      {fault, fmt::format("management API at {}:{} answers {} to GET {}", endpoint_.host,
                          endpoint_.port, reply->status, path)});
}

}  // namespace deadletter::rabbitmq
