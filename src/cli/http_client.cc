#include "cli/http_client.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/json/parse.hpp>
#include <cctype>

#include "cli/server_url.h"

namespace deadletter::cli {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using ErrorCode = boost::system::error_code;
using Answer = beast::http::response<beast::http::string_body>;

constexpr std::chrono::seconds kTimeout{30};
constexpr std::uint64_t kMaxAnswerBytes = std::uint64_t{64} << 20;

// Synchronous calls know no timeout, so each step is an asynchronous one that is waited for.
class Exchange {
 public:
  ErrorCode Connect(const ServerUrl& url);
  ErrorCode Send(const ServerUrl& url, const ServerAccess& server, const std::string& target);
  ErrorCode Receive();
  [[nodiscard]] const Answer& answer() const { return parser_.get(); }

 private:
  template <class Start>
  ErrorCode Wait(Start start) {
    ErrorCode result;
    stream_.expires_after(kTimeout);
    start([&result](ErrorCode error, const auto&...) { result = error; });
    context_.restart();
    context_.run();
    return result;
  }

  asio::io_context context_;
  beast::tcp_stream stream_{context_};
  beast::flat_buffer buffer_;
  beast::http::response_parser<beast::http::string_body> parser_;
};

ErrorCode Exchange::Connect(const ServerUrl& url) {
  ErrorCode error;
  asio::ip::tcp::resolver resolver(context_);
  const auto addresses = resolver.resolve(url.host, url.port, error);
  if (error) return error;
  return Wait([&](auto done) { stream_.async_connect(addresses, std::move(done)); });
}

ErrorCode Exchange::Send(const ServerUrl& url, const ServerAccess& server,
                         const std::string& target) {
  using beast::http::field;
  beast::http::request<beast::http::empty_body> request(beast::http::verb::get,
                                                        url.base_path + target, 11);
  request.set(field::host, url.authority);
  request.set(field::user_agent, "deadletter/" DEADLETTER_VERSION);
  request.set(field::accept, "application/json");
  request.set(field::connection, "close");
  if (server.token) request.set(field::authorization, "Bearer " + *server.token);
  return Wait([&](auto done) { beast::http::async_write(stream_, request, std::move(done)); });
}

ErrorCode Exchange::Receive() {
  parser_.body_limit(kMaxAnswerBytes);
  return Wait(
      [&](auto done) { beast::http::async_read(stream_, buffer_, parser_, std::move(done)); });
}

Unexpected<AskError> FailAsking(std::string message, int status = kExitFailed) {
  return Unexpected<AskError>(AskError{.status = status, .message = std::move(message)});
}

// The `detail` of a problem, which says what to do; empty where it is none.
std::string DetailOf(const Answer& answer) {
  ErrorCode error;
  const boost::json::value problem = boost::json::parse(answer.body(), error);
  if (error || !problem.is_object()) return {};
  const auto* detail = problem.get_object().if_contains("detail");
  return detail != nullptr && detail->is_string() ? std::string(detail->get_string())
                                                  : std::string();
}

Result<std::string, AskError> Judge(const ServerAccess& server, const Answer& answer) {
  const std::string_view type = answer[beast::http::field::content_type];
  const unsigned status = answer.result_int();
  if (status == 200 && type == "application/json") return answer.body();
  if (type != "application/problem+json") {
    return FailAsking("what answers at " + server.url +
                      " is no deadletter server: pass another --server URL");
  }
  const std::string detail = DetailOf(answer);
  if (status == 400) return FailAsking(detail, kExitUsage);
  if (status == 404) return FailAsking(detail);
  return FailAsking("the server at " + server.url + " answers " + std::to_string(status) + ": " +
                    detail);
}

}  // namespace

Result<std::string, AskError> Ask(const ServerAccess& server, const std::string& target) {
  const auto url = ParseServerUrl(server.url);
  if (!url) return FailAsking(url.error().message, kExitUsage);
  if (server.token && server.token->find_first_of("\r\n") != std::string::npos) {
    return FailAsking("DEADLETTER_TOKEN must be one line", kExitUsage);
  }
  Exchange exchange;
  if (exchange.Connect(*url)) {
    return FailAsking("no server answers at " + server.url +
                      ": start `deadletter serve` or pass --server URL");
  }
  ErrorCode error = exchange.Send(*url, server, target);
  if (!error) error = exchange.Receive();
  if (error)
    return FailAsking("the server at " + server.url + " did not answer: " + error.message());
  return Judge(server, exchange.answer());
}

std::string EncodeForUrl(std::string_view text) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x80 && std::isalnum(byte) != 0) ||
        std::string_view("-._~").find(c) != std::string_view::npos) {
      encoded += c;
    } else {
      encoded.append({'%', kDigits[byte >> 4], kDigits[byte & 15]});
    }
  }
  return encoded;
}

}  // namespace deadletter::cli
