#include "tests/support/http_get.h"

#include <curl/curl.h>

#include <memory>

namespace deadletter::test {
namespace {

constexpr long kLimitSeconds = 10;

struct CleanUp {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

std::size_t Append(const char* bytes, std::size_t size, std::size_t count, void* body) {
  static_cast<std::string*>(body)->append(bytes, size * count);
  return size * count;
}

HttpAnswer Ask(const std::string& url, const std::string* json) {
  const std::unique_ptr<CURL, CleanUp> handle(curl_easy_init());
  std::unique_ptr<curl_slist, CleanUp> lines;
  HttpAnswer answer;
  const auto set = [&](auto option, auto value) { curl_easy_setopt(handle.get(), option, value); };
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_TIMEOUT, kLimitSeconds);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_PROXY, "");
  set(CURLOPT_WRITEFUNCTION, &Append);
  set(CURLOPT_WRITEDATA, &answer.body);
  if (json != nullptr) {
    set(CURLOPT_POSTFIELDSIZE, static_cast<long>(json->size()));
    set(CURLOPT_COPYPOSTFIELDS, json->c_str());
    // Of an empty body nothing is said.
    lines.reset(curl_slist_append(
        nullptr, json->empty() ? "Content-Type:" : "Content-Type: application/json"));
    set(CURLOPT_HTTPHEADER, lines.get());
  }
  if (curl_easy_perform(handle.get()) != CURLE_OK) return {};
  long status = 0;
  curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status);
  answer.status = static_cast<int>(status);
  return answer;
}

}  // namespace

HttpAnswer HttpGet(const std::string& url) {
  return Ask(url, nullptr);
}

HttpAnswer HttpPost(const std::string& url, const std::string& json) {
  return Ask(url, &json);
}

}  // namespace deadletter::test
