#include "http/problem.h"

#include <fmt/format.h>

#include "operations/json_writer.h"

namespace deadletter::http {
namespace {

constexpr std::size_t kMaxProblemBytes = 2048;
constexpr unsigned kLedgerRetrySeconds = 5;

}  // namespace

std::string_view StatusTitle(unsigned status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 421:
      return "Misdirected Request";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Error";
  }
}

Response Problem(unsigned status, std::string_view detail) {
  Response response{.status = status, .content_type = "application/problem+json"};
  response.body = JsonObject()
                      .Add("type", "\"about:blank\"")
                      .Add("title", JsonDisplay(StatusTitle(status), kMaxProblemBytes))
                      .Add("status", fmt::to_string(status))
                      .Add("detail", JsonDisplay(detail, kMaxProblemBytes))
                      .Take();
  return response;
}

Response Unavailable(std::string_view detail, unsigned retry_after_seconds) {
  Response response = Problem(503, detail);
  response.headers.emplace_back("Retry-After", fmt::to_string(retry_after_seconds));
  return response;
}

Response ProblemFrom(const OperationError& error) {
  switch (error.fault) {
    case OperationFault::kBadRequest:
      return Problem(400, error.message);
    case OperationFault::kForbidden:
      return Problem(403, error.message);
    case OperationFault::kUnacceptable:
      return Problem(422, error.message);
    case OperationFault::kNotFound:
      return Problem(404, error.message);
    case OperationFault::kConflict:
      return Problem(409, error.message);
    case OperationFault::kUnavailable:
      return Unavailable(error.message, kLedgerRetrySeconds);
    case OperationFault::kFailed:
      return Problem(500, error.message);
  }
  return Problem(500, error.message);
}

}  // namespace deadletter::http
