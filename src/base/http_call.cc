#include "base/http_call.h"

#include <curl/curl.h>
#include <signal.h>

#include <array>
#include <memory>
#include <string_view>

#include "base/text.h"

namespace deadletter {
namespace {

constexpr std::size_t kLongestReason = 256;

struct CleanUp {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Handle = std::unique_ptr<CURL, CleanUp>;
using HeaderLines = std::unique_ptr<curl_slist, CleanUp>;

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

class Call {
 public:
  explicit Call(const HttpRequest& request) : request_(request), handle_(NewHandle()) {}

  Result<HttpReply, HttpError> Make() {
    SetWhere();
    SetLimits();
    SetContent();
    const CURLcode done = curl_easy_perform(handle_.get());
    if (done != CURLE_OK) return Unexpected<HttpError>(ErrorOf(done));
    long status = 0;
    curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &status);
    reply_.status = static_cast<unsigned>(status);
    const char* type = nullptr;
    curl_easy_getinfo(handle_.get(), CURLINFO_CONTENT_TYPE, &type);
    if (type != nullptr) reply_.content_type = type;
    return std::move(reply_);
  }

 private:
  template <class Value>
  void Set(CURLoption option, Value value) {
    curl_easy_setopt(handle_.get(), option, value);
  }

  void SetWhere() {
    Set(CURLOPT_URL, request_.url.c_str());
    Set(CURLOPT_PATH_AS_IS, 1L);
    Set(CURLOPT_PROTOCOLS_STR, "http,https");
    Set(CURLOPT_PROXY, "");
    Set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (!request_.ca_file.empty()) {
      Set(CURLOPT_CAINFO, request_.ca_file.c_str());
      Set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));  // these alone, not the system's too
    }
    if (!request_.user.empty()) {
      Set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
      Set(CURLOPT_USERNAME, request_.user.c_str());
      Set(CURLOPT_PASSWORD, request_.password.c_str());
    }
  }

  void SetLimits() {
    Set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request_.connect_limit.count()));
    if (request_.streamed_type.empty()) {
      Set(CURLOPT_TIMEOUT_MS, static_cast<long>(request_.limit.count()));
    } else {
      Set(CURLOPT_LOW_SPEED_LIMIT, 1L);  // bytes a second
      Set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(request_.idle_limit.count()));
    }
    Set(CURLOPT_NOSIGNAL, 1L);
    Set(CURLOPT_WRITEFUNCTION, &Append);
    Set(CURLOPT_WRITEDATA, this);
    Set(CURLOPT_ERRORBUFFER, why_.data());
  }

  void SetContent() {
    Set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
    Set(CURLOPT_USERAGENT, "deadletter/" DEADLETTER_VERSION);
    for (const std::string& line : request_.headers) {
      curl_slist* const longer = curl_slist_append(lines_.get(), line.c_str());
      if (longer == nullptr) throw std::bad_alloc();
      (void)lines_.release();
      lines_.reset(longer);
    }
    Set(CURLOPT_HTTPHEADER, lines_.get());
    if (request_.body) {
      Set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body->size()));
      Set(CURLOPT_POSTFIELDS, request_.body->c_str());
    }
  }

  // Taking less than there is ends the call.
  static std::size_t Append(const char* bytes, std::size_t size, std::size_t count, void* call) {
    auto& self = *static_cast<Call*>(call);
    if (self.IsStreamed()) return self.request_.sink({bytes, size * count}) ? size * count : 0;
    std::string& body = self.reply_.body;
    self.too_long_ = body.size() + size * count > self.request_.max_answer_bytes;
    if (self.too_long_) return 0;
    body.append(bytes, size * count);
    return size * count;
  }

  // Of the answer that is coming: its head has been read.
  [[nodiscard]] bool IsStreamed() const {
    if (request_.streamed_type.empty()) return false;
    long status = 0;
    const char* type = nullptr;
    curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(handle_.get(), CURLINFO_CONTENT_TYPE, &type);
    return status == 200 && type != nullptr && request_.streamed_type == type;
  }

  HttpError ErrorOf(CURLcode code) {
    if (too_long_) {
      return {HttpFault::kNoReply,
              "its answer is longer than " + std::to_string(request_.max_answer_bytes) + " bytes"};
    }
    const std::string_view told = why_[0] != '\0' ? why_.data() : curl_easy_strerror(code);
    return {FaultOf(code), DisplayText(told, kLongestReason)};
  }

  HttpFault FaultOf(CURLcode code) {
    if (code == CURLE_SSL_CONNECT_ERROR || code == CURLE_PEER_FAILED_VERIFICATION ||
        code == CURLE_SSL_CACERT_BADFILE) {
      return HttpFault::kNotTrusted;
    }
    // Set once there is a connection, and once it is agreed on and ready to be asked on.
    long connected = 0;
    curl_off_t ready = 0;
    curl_easy_getinfo(handle_.get(), CURLINFO_NUM_CONNECTS, &connected);
    curl_easy_getinfo(handle_.get(), CURLINFO_PRETRANSFER_TIME_T, &ready);
    if (ready > 0) return HttpFault::kNoReply;
    const bool is_tls = request_.url.starts_with("https:");
    return is_tls && connected > 0 ? HttpFault::kNotTrusted : HttpFault::kNoServer;
  }

  const HttpRequest& request_;
  HeaderLines lines_;
  std::array<char, CURL_ERROR_SIZE> why_{};
  HttpReply reply_;
  bool too_long_ = false;
  Handle handle_;  // uses what is above it
};

}  // namespace

Result<HttpReply, HttpError> CallHttp(const HttpRequest& request) {
  const NoPipeSignal guard;  // also while the handle says goodbye
  return Call(request).Make();
}

}  // namespace deadletter
