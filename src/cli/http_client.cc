#include "cli/http_client.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/json/parse.hpp>
#include <cctype>
#include <memory>
#include <optional>

#include "cli/server_url.h"

namespace deadletter::cli {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace ssl = asio::ssl;
using ErrorCode = boost::system::error_code;
using Answer = beast::http::response<beast::http::string_body>;

constexpr std::chrono::seconds kTimeout{30};
constexpr std::uint64_t kMaxAnswerBytes = std::uint64_t{64} << 20;

struct Question {
  beast::http::verb verb = beast::http::verb::get;
  std::string target;
  std::string json;  // of a POST
};

// Synchronous calls know no timeout, so each step is an asynchronous one that is waited for.
class Exchange {
 public:
  ErrorCode Connect(const ServerUrl& url);
  // Agrees on TLS with a server that is who it says. Before Send(); only for https://.
  ErrorCode Encrypt(const ServerUrl& url, ssl::context& trust);
  ErrorCode Send(const ServerUrl& url, const ServerAccess& server, const Question& question);
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
  std::optional<beast::ssl_stream<beast::tcp_stream&>> tls_;
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

ErrorCode Exchange::Encrypt(const ServerUrl& url, ssl::context& trust) {
  tls_.emplace(stream_, trust);
  tls_->set_verify_callback(ssl::host_name_verification(url.host));
  ErrorCode is_name;
  static_cast<void>(asio::ip::make_address(url.host, is_name));
  // An address is not to be named there (RFC 6066).
  if (is_name) SSL_set_tlsext_host_name(tls_->native_handle(), url.host.c_str());
  return Wait([&](auto done) { tls_->async_handshake(ssl::stream_base::client, std::move(done)); });
}

ErrorCode Exchange::Send(const ServerUrl& url, const ServerAccess& server,
                         const Question& question) {
  using beast::http::field;
  beast::http::request<beast::http::string_body> request(question.verb,
                                                         url.base_path + question.target, 11);
  request.set(field::host, url.authority);
  request.set(field::user_agent, "deadletter/" DEADLETTER_VERSION);
  request.set(field::accept, "application/json");
  request.set(field::connection, "close");
  if (server.token) request.set(field::authorization, "Bearer " + *server.token);
  if (question.verb == beast::http::verb::post) {
    request.set(field::content_type, "application/json");
    request.body() = question.json;
    request.prepare_payload();
  }
  return Wait([&](auto done) {
    if (tls_) return beast::http::async_write(*tls_, request, std::move(done));
    beast::http::async_write(stream_, request, std::move(done));
  });
}

ErrorCode Exchange::Receive() {
  parser_.body_limit(kMaxAnswerBytes);
  return Wait([&](auto done) {
    if (tls_) return beast::http::async_read(*tls_, buffer_, parser_, std::move(done));
    beast::http::async_read(stream_, buffer_, parser_, std::move(done));
  });
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
  if ((status == 200 || status == 201) && type == "application/json") return answer.body();
  if (type != "application/problem+json") {
    return FailAsking("what answers at " + server.url +
                      " is no deadletter server: pass another --server URL");
  }
  const std::string detail = DetailOf(answer);
  if (status == 400 || status == 422) return FailAsking(detail, kExitUsage);
  if (status == 401) return FailAsking(detail + "; DEADLETTER_TOKEN is where it is taken from");
  if (status == 403 || status == 404 || status == 409) return FailAsking(detail);
  return FailAsking("the server at " + server.url + " answers " + std::to_string(status) + ": " +
                    detail);
}

// Whom we trust; the system's authorities where no file is named.
Result<std::unique_ptr<ssl::context>, AskError> TrustOf(const ServerAccess& server) {
  auto trust = std::make_unique<ssl::context>(ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(trust->native_handle(), TLS1_2_VERSION);
  trust->set_verify_mode(ssl::verify_peer);
  ErrorCode error;
  if (server.ca_file) {
    trust->load_verify_file(*server.ca_file, error);
  } else {
    trust->set_default_verify_paths(error);
  }
  if (!error) return trust;
  return FailAsking("--ca-file " + server.ca_file.value_or("") + " cannot be used: " +
                        error.message() + "; it must be a file of certificates in PEM format",
                    kExitUsage);
}

std::string WhyNotTrusted(const ServerAccess& server, const ErrorCode& error) {
  const bool refused = error.category() == asio::error::get_ssl_category();
  return "no TLS with the server at " + server.url + ": " + error.message() +
         (refused ? "; is it https:// that it speaks, and does --ca-file name whom to trust?" : "");
}

Result<std::string, AskError> Exchanged(const ServerAccess& server, const Question& question) {
  const auto url = ParseServerUrl(server.url);
  if (!url) return FailAsking(url.error().message, kExitUsage);
  if (server.token && server.token->find_first_of("\r\n") != std::string::npos) {
    return FailAsking("DEADLETTER_TOKEN must be one line", kExitUsage);
  }
  std::unique_ptr<ssl::context> trust;
  if (url->encrypted) {
    auto made = TrustOf(server);
    if (!made) return Unexpected<AskError>(made.error());
    trust = std::move(*made);
  }
  Exchange exchange;
  if (exchange.Connect(*url)) {
    return FailAsking("no server answers at " + server.url +
                      ": start `deadletter serve` or pass --server URL");
  }
  if (trust) {
    if (const ErrorCode error = exchange.Encrypt(*url, *trust))
      return FailAsking(WhyNotTrusted(server, error));
  }
  ErrorCode error = exchange.Send(*url, server, question);
  if (!error) error = exchange.Receive();
  if (error) {
    const bool changes = question.verb == beast::http::verb::post;
    return FailAsking(
        "the server at " + server.url + " did not answer: " + error.message() +
        (changes ? "; whether it was done is not known: look before you try again" : ""));
  }
  return Judge(server, exchange.answer());
}

}  // namespace

Result<std::string, AskError> Ask(const ServerAccess& server, const std::string& target) {
  return Exchanged(server, {.verb = beast::http::verb::get, .target = target, .json = ""});
}

Result<std::string, AskError> Tell(const ServerAccess& server, const std::string& target,
                                   const std::string& json) {
  return Exchanged(server, {.verb = beast::http::verb::post, .target = target, .json = json});
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
