#include "broker/rabbitmq/management.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <signal.h>

#include <array>
#include <boost/json.hpp>
#include <memory>

#include "base/text.h"

namespace deadletter::rabbitmq {

namespace {

constexpr std::size_t kLongestAnswer = std::size_t{64} << 20;

struct CleanUp {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Handle = std::unique_ptr<CURL, CleanUp>;
using HeaderLines = std::unique_ptr<curl_slist, CleanUp>;

// Taking less than there is ends the call.
std::size_t Append(const char* bytes, std::size_t size, std::size_t count, void* answer) {
  auto& body = *static_cast<std::string*>(answer);
  if (body.size() + size * count > kLongestAnswer) return 0;
  body.append(bytes, size * count);
  return size * count;
}

// While it lives, what this thread writes into a connection that the other side has closed is an
// error and no signal: OpenSSL writes as files are written, and who uses us in a process of his own
// may have left SIGPIPE as it is.
class NoPipeSignal {
 public:
  NoPipeSignal() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~NoPipeSignal() {
    const timespec now{};
    if (!was_pending_) sigtimedwait(&pipe_, nullptr, &now);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  NoPipeSignal(const NoPipeSignal&) = delete;
  NoPipeSignal& operator=(const NoPipeSignal&) = delete;

 private:
  sigset_t pipe_;
  sigset_t before_;
  bool was_pending_ = false;
};

// The library is set up once a process, before its first call; magic statics take turns.
Handle NewHandle() {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  return Handle(ready == CURLE_OK ? curl_easy_init() : nullptr);
}

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
  const NoPipeSignal guard;  // also while the handle says goodbye
  const Handle handle = NewHandle();
  std::string answer;
  std::array<char, CURL_ERROR_SIZE> why{};
  const auto set = [&](auto option, auto value) { curl_easy_setopt(handle.get(), option, value); };
  set(CURLOPT_URL, UrlOf(endpoint_, path).c_str());
  set(CURLOPT_CUSTOMREQUEST, method.c_str());
  set(CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
  set(CURLOPT_USERNAME, endpoint_.user.c_str());
  set(CURLOPT_PASSWORD, endpoint_.password.c_str());
  set(CURLOPT_USERAGENT, "deadletter/" DEADLETTER_VERSION);
  set(CURLOPT_TIMEOUT_MS, std::chrono::duration_cast<std::chrono::milliseconds>(limit_).count());
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_PROXY, "");  // the broker is ours, whatever the environment says
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_WRITEFUNCTION, &Append);
  set(CURLOPT_WRITEDATA, &answer);
  set(CURLOPT_ERRORBUFFER, why.data());
  if (!ca_file_.empty()) {
    set(CURLOPT_CAINFO, ca_file_.c_str());
    set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));  // these alone, not the system's too
  }
  HeaderLines lines;
  if (body) {
    lines.reset(curl_slist_append(nullptr, "Content-Type: application/json"));
    set(CURLOPT_HTTPHEADER, lines.get());
    set(CURLOPT_COPYPOSTFIELDS, boost::json::serialize(*body).c_str());
  }
  const CURLcode done = curl_easy_perform(handle.get());
  if (done != CURLE_OK) {
    const std::string_view told = why[0] != '\0' ? why.data() : curl_easy_strerror(done);
    return Unexpected<BrokerError>(
        {BrokerFault::kUnreachable, fmt::format("management API at {}:{}: {}", endpoint_.host,
                                                endpoint_.port, DisplayText(told, 256))});
  }
  long status = 0;
  curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status);
  ManagementReply reply{.status = static_cast<unsigned>(status), .body = nullptr};
  boost::system::error_code not_json;
  auto parsed = boost::json::parse(answer, not_json);
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
