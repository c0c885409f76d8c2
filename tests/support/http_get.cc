#include "tests/support/http_get.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

namespace deadletter::test {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;

HttpAnswer Ask(const std::string& url, http::verb method, const std::string& json) {
  const std::size_t host_at = url.find("://") + 3;
  const std::size_t port_at = url.find(':', host_at);
  const std::size_t path_at = url.find('/', port_at);
  const std::string host = url.substr(host_at, port_at - host_at);
  const std::string port = url.substr(port_at + 1, path_at - port_at - 1);

  boost::asio::io_context context;
  beast::tcp_stream stream(context);
  HttpAnswer answer;
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> response;
  response.body_limit(boost::none);
  http::request<http::string_body> request(method, url.substr(path_at), 11);
  request.set(http::field::host, host + ":" + port);
  request.set(http::field::connection, "close");
  if (!json.empty()) request.set(http::field::content_type, "application/json");
  request.body() = json;
  request.prepare_payload();

  boost::asio::ip::tcp::resolver resolver(context);
  beast::error_code error;
  const auto addresses = resolver.resolve(host, port, error);
  if (error) return answer;
  stream.expires_after(std::chrono::seconds(10));
  // The asynchronous calls are the ones that keep the time limit.
  stream.async_connect(addresses, [&](beast::error_code failed, const auto&) {
    if (failed) return;
    http::async_write(stream, request, [&](beast::error_code unsent, std::size_t) {
      if (unsent) return;
      http::async_read(stream, buffer, response, [&](beast::error_code unread, std::size_t) {
        if (unread) return;
        answer.status = static_cast<int>(response.get().result_int());
        answer.body = response.get().body();
      });
    });
  });
  context.run();
  return answer;
}

}  // namespace

HttpAnswer HttpGet(const std::string& url) {
  return Ask(url, http::verb::get, "");
}

HttpAnswer HttpPost(const std::string& url, const std::string& json) {
  return Ask(url, http::verb::post, json);
}

}  // namespace deadletter::test
