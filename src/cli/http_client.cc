#include "cli/http_client.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include <boost/json/parse.hpp>
#include <cctype>
#include <memory>

#include "base/http_call.h"
#include "cli/server_url.h"

namespace deadletter::cli {
namespace {

Unexpected<AskError> FailAsking(std::string message, int status = kExitFailed) {
  return Unexpected<AskError>(AskError{.status = status, .message = std::move(message)});
}

// The `detail` of a problem, which says what to do; empty where it is none.
std::string DetailOf(const HttpReply& reply) {
  boost::system::error_code error;
  const boost::json::value problem = boost::json::parse(reply.body, error);
  if (error || !problem.is_object()) return {};
  const auto* detail = problem.get_object().if_contains("detail");
  return detail != nullptr && detail->is_string() ? std::string(detail->get_string())
                                                  : std::string();
}

// `streamed`: the type of what has gone elsewhere already.
Result<std::string, AskError> Judge(const ServerAccess& server, HttpReply reply,
                                    const std::string& streamed) {
  const std::string_view type = reply.content_type;
  const unsigned status = reply.status;
  const bool is_json = type == "application/json" || (!streamed.empty() && type == streamed);
  if ((status == 200 || status == 201) && is_json) return std::move(reply.body);
  if (type != "application/problem+json") {
    return FailAsking("what answers at " + server.url +
                      " is no deadletter server: pass another --server URL");
  }
  const std::string detail = DetailOf(reply);
  if (status == 400 || status == 422) return FailAsking(detail, kExitUsage);
  if (status == 401) return FailAsking(detail + "; DEADLETTER_TOKEN is where it is taken from");
  if (status == 403 || status == 404 || status == 409) return FailAsking(detail);
  return FailAsking("the server at " + server.url + " answers " + std::to_string(status) + ": " +
                    detail);
}

struct CleanUp {
  void operator()(X509_STORE* store) const { X509_STORE_free(store); }
};

// Why `file` names nobody to trust; empty where it does. Read here so that the flag is blamed,
// whether or not there is a server.
std::string WhyNobodyIsIn(const std::string& file) {
  const std::unique_ptr<X509_STORE, CleanUp> store(X509_STORE_new());
  ERR_clear_error();
  if (X509_STORE_load_file(store.get(), file.c_str()) == 1) return {};
  const char* const why = ERR_reason_error_string(ERR_get_error());
  ERR_clear_error();
  return why != nullptr ? why : "it cannot be read";
}

AskError ErrorOf(const ServerAccess& server, const HttpRequest& request, const HttpError& error) {
  AskError asked;
  switch (error.fault) {
    case HttpFault::kNoServer:
      asked.message =
          "no server answers at " + server.url + ": start `deadletter serve` or pass --server URL";
      break;
    case HttpFault::kNotTrusted:
      asked.message = "no TLS with the server at " + server.url + ": " + error.message +
                      "; is it https:// that it speaks, and does --ca-file name whom to trust?";
      break;
    case HttpFault::kNoReply:
      asked.message = "the server at " + server.url + " did not answer: " + error.message;
      if (request.body)
        asked.message += "; whether it was done is not known: look before you try again";
      break;
  }
  return asked;
}

Result<std::string, AskError> Exchanged(const ServerAccess& server, const std::string& target,
                                        HttpRequest request) {
  const auto url = ParseServerUrl(server.url);
  if (!url) return FailAsking(url.error().message, kExitUsage);
  if (server.token && server.token->find_first_of("\r\n") != std::string::npos) {
    return FailAsking("DEADLETTER_TOKEN must be one line", kExitUsage);
  }
  request.url =
      (url->encrypted ? "https://" : "http://") + url->authority + url->base_path + target;
  request.headers.emplace_back(
      "Accept: " + (request.streamed_type.empty() ? "application/json" : request.streamed_type));
  if (server.token) request.headers.push_back("Authorization: Bearer " + *server.token);
  if (url->encrypted && server.ca_file) {
    if (const std::string why = WhyNobodyIsIn(*server.ca_file); !why.empty()) {
      return FailAsking("--ca-file " + *server.ca_file + " cannot be used: " + why +
                            "; it must be a file of certificates in PEM format",
                        kExitUsage);
    }
    request.ca_file = *server.ca_file;
  }
  auto reply = CallHttp(request);
  if (!reply) return Unexpected<AskError>(ErrorOf(server, request, reply.error()));
  return Judge(server, std::move(*reply), request.streamed_type);
}

}  // namespace

Result<std::string, AskError> Ask(const ServerAccess& server, const std::string& target) {
  return Exchanged(server, target, HttpRequest());
}

Result<std::string, AskError> Tell(const ServerAccess& server, const std::string& target,
                                   const std::string& json) {
  HttpRequest request;
  request.method = "POST";
  request.headers = {"Content-Type: application/json"};
  request.body = json;
  return Exchanged(server, target, std::move(request));
}

Result<void, AskError> Download(const ServerAccess& server, const std::string& target,
                                const std::string& content_type,
                                const std::function<bool(std::string_view)>& take) {
  HttpRequest request;
  request.streamed_type = content_type;
  request.sink = take;
  const auto done = Exchanged(server, target, std::move(request));
  if (!done) return Unexpected<AskError>(done.error());
  return {};
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
