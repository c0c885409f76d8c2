#include "broker/rabbitmq/management.h"

#include <fmt/format.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/json.hpp>
#include <exception>

#include "base/text.h"

namespace deadletter::rabbitmq {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::use_awaitable;
using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;

constexpr std::uint64_t kLongestAnswer = std::uint64_t{64} << 20;

template <class Stream>
asio::awaitable<Response> Exchange(Stream& stream, const Request& request) {
  co_await http::async_write(stream, request, use_awaitable);
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(kLongestAnswer);
  co_await http::async_read(stream, buffer, parser, use_awaitable);
  co_return parser.release();
}

asio::awaitable<Response> Connected(beast::tcp_stream& stream, const Endpoint& endpoint,
                                    std::chrono::seconds limit) {
  asio::ip::tcp::resolver resolver(co_await asio::this_coro::executor);
  const auto addresses =
      co_await resolver.async_resolve(endpoint.host, std::to_string(endpoint.port), use_awaitable);
  stream.expires_after(limit);
  co_await stream.async_connect(addresses, use_awaitable);
  co_return Response{};
}

asio::awaitable<Response> Plain(const Endpoint& endpoint, std::chrono::seconds limit,
                                const Request& request) {
  beast::tcp_stream stream(co_await asio::this_coro::executor);
  co_await Connected(stream, endpoint, limit);
  co_return co_await Exchange(stream, request);
}

asio::awaitable<Response> Secure(const Endpoint& endpoint, const std::string& ca_file,
                                 std::chrono::seconds limit, const Request& request) {
  asio::ssl::context context(asio::ssl::context::tls_client);
  context.set_verify_mode(asio::ssl::verify_peer);
  if (ca_file.empty()) {
    context.set_default_verify_paths();
  } else {
    context.load_verify_file(ca_file);
  }
  beast::ssl_stream<beast::tcp_stream> stream(co_await asio::this_coro::executor, context);
  stream.set_verify_callback(asio::ssl::host_name_verification(endpoint.host));
  SSL_set_tlsext_host_name(stream.native_handle(), endpoint.host.c_str());
  co_await Connected(beast::get_lowest_layer(stream), endpoint, limit);
  co_await stream.async_handshake(asio::ssl::stream_base::client, use_awaitable);
  co_return co_await Exchange(stream, request);
}

Request MakeRequest(const Endpoint& endpoint, const std::string& method, const std::string& path,
                    const std::optional<boost::json::value>& body) {
  Request request{http::string_to_verb(method), endpoint.path + path, 11};
  request.set(http::field::host, endpoint.host);
  request.set(http::field::user_agent, "deadletter/" DEADLETTER_VERSION);
  request.set(http::field::authorization,
              "Basic " + Base64(endpoint.user + ":" + endpoint.password));
  request.set(http::field::connection, "close");
  if (body) {
    request.set(http::field::content_type, "application/json");
    request.body() = boost::json::serialize(*body);
  }
  request.prepare_payload();
  return request;
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
  Response response;
  std::exception_ptr thrown;
  try {
    const auto request = MakeRequest(endpoint_, method, path, body);
    asio::io_context context(1);
    asio::co_spawn(context,
                   endpoint_.tls ? Secure(endpoint_, ca_file_, limit_, request)
                                 : Plain(endpoint_, limit_, request),
                   [&](const std::exception_ptr& error, Response answer) {
                     thrown = error;
                     response = std::move(answer);
                   });
    context.run();
    if (thrown) std::rethrow_exception(thrown);
  } catch (const boost::system::system_error& error) {
    // Without the place in the library's source, which what() tells as well.
    return Unexpected<BrokerError>(
        {BrokerFault::kUnreachable,
         fmt::format("management API at {}:{}: {}", endpoint_.host, endpoint_.port,
                     DisplayText(error.code().message(), 256))});
  } catch (const std::exception& error) {
    return Unexpected<BrokerError>(
        {BrokerFault::kUnreachable, fmt::format("management API at {}:{}: {}", endpoint_.host,
                                                endpoint_.port, DisplayText(error.what(), 256))});
  }
  ManagementReply reply{.status = response.result_int(), .body = nullptr};
  boost::system::error_code not_json;
  auto parsed = boost::json::parse(response.body(), not_json);
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
