#include "config/address_keys.h"

#include <algorithm>
#include <sstream>

#include "config/url.h"

namespace deadletter {
namespace {

constexpr std::string_view kEmbedded = "embedded:";
constexpr std::string_view kSqlite = "sqlite:";

// Several URLs: a TOML list, or, where a source knows only text, words with spaces between.
Result<std::vector<std::string>> ReadUrls(const RawValue& raw) {
  std::vector<std::string> urls;
  if (const auto* array = std::get_if<RawArray>(&raw.content)) {
    for (const RawValue& item : *array) {
      auto url = ReadText(item, limits::kUrlBytes);
      if (!url) return Fail("an item is no text of at most 8192 bytes without control characters");
      urls.push_back(std::move(*url));
    }
    return urls;
  }
  auto text = ReadText(raw, limits::kUrlBytes);
  if (!text) return Unexpected<Error>(text.error());
  if (std::holds_alternative<RawText>(raw.content) && IsBrokerUrl(*text)) {
    std::istringstream words(*text);
    for (std::string word; words >> word;) urls.push_back(word);
    return urls;
  }
  urls.push_back(std::move(*text));
  return urls;
}

// The path behind the scheme; "" where the file is to lie in data_dir.
Result<std::string> ReadFilePath(std::string_view text, std::string_view scheme) {
  const std::string_view path = text.substr(scheme.size());
  // SQLite would take ":memory:" for no file at all, and nothing would be durable.
  if (path.starts_with(':') || path.ends_with('/')) return Fail("the path names no file");
  if (path.size() > limits::kPathBytes) return Fail("the path is longer than 4095 bytes");
  return std::string(path);
}

Result<void> CheckUrlsAgree(const std::vector<std::string>& urls) {
  if (urls.empty() || urls.size() > limits::kBrokerUrls) return Fail("1 to 16 URLs are needed");
  const bool encrypted = urls.front().starts_with("amqps:");
  for (const std::string& url : urls) {
    if (!IsBrokerUrl(url)) return Fail("a URL begins with neither amqp:// nor amqps://");
    if (url.starts_with("amqps:") != encrypted) return Fail("amqp:// and amqps:// do not mix");
    if (auto checked = CheckBrokerUrl(url); !checked) return checked;
  }
  return {};
}

Result<void> ReadBrokerUrl(const RawValue& raw, Config& config) {
  auto urls = ReadUrls(raw);
  if (!urls) return Unexpected<Error>(urls.error());
  if (urls->size() == 1 && urls->front().starts_with(kEmbedded)) {
    auto path = ReadFilePath(urls->front(), kEmbedded);
    if (!path) return Unexpected<Error>(path.error());
    config.broker.path = std::move(*path);
    config.broker.urls.clear();
    return {};
  }
  if (auto checked = CheckUrlsAgree(*urls); !checked) return checked;
  config.broker.urls = std::move(*urls);
  return {};
}

Result<void> ReadLedgerUrl(const RawValue& raw, Config& config) {
  auto url = ReadText(raw, limits::kUrlBytes);
  if (!url) return Unexpected<Error>(url.error());
  if (url->starts_with(kSqlite)) {
    auto path = ReadFilePath(*url, kSqlite);
    if (!path) return Unexpected<Error>(path.error());
    config.ledger.path = std::move(*path);
    config.ledger.url.clear();
    return {};
  }
  if (!IsLedgerUrl(*url)) return Fail("it begins with neither sqlite: nor postgresql://");
  if (auto checked = CheckLedgerUrl(*url); !checked) return checked;
  config.ledger.url = std::move(*url);
  return {};
}

Result<void> ReadManagementUrl(const RawValue& raw, Config& config) {
  auto url = ReadText(raw, limits::kUrlBytes);
  if (!url) return Unexpected<Error>(url.error());
  if (auto checked = CheckManagementUrl(*url); !checked) return checked;
  config.broker.management_url = std::move(*url);
  return {};
}

Result<void> ReadListen(const RawValue& raw, Config& config) {
  const auto text = ReadText(raw, limits::kNameBytes);
  if (!text) return Unexpected<Error>(text.error());
  const auto address = ParseListenAddress(*text);
  if (!address) return Unexpected<Error>(address.error());
  config.http.host = address->host;
  config.http.port = address->port;
  return {};
}

std::string ShowBrokerUrl(const Config& config) {
  const auto& urls = config.broker.urls;
  if (urls.empty()) return ShowText(std::string(kEmbedded) + config.broker.path);
  std::vector<std::string> masked;
  for (const std::string& url : urls) masked.push_back(MaskSecrets(url));
  return masked.size() == 1 ? ShowText(masked.front()) : ShowTexts(masked);
}

}  // namespace

Key<Config> BrokerUrlKey() {
  Key<Config> key;
  key.name = "broker.url";
  key.allowed =
      R"("embedded:PATH", "amqp://…", "amqps://…", or a list of the URLs of several nodes)";
  key.read = &ReadBrokerUrl;
  key.show = &ShowBrokerUrl;
  key.is_secret = true;
  return key;
}

Key<Config> LedgerUrlKey() {
  Key<Config> key;
  key.name = "ledger.url";
  key.allowed = R"("sqlite:PATH" or "postgresql://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=…")";
  key.read = &ReadLedgerUrl;
  key.show = [](const Config& config) {
    return ShowText(config.ledger.url.empty() ? std::string(kSqlite) + config.ledger.path
                                              : MaskSecrets(config.ledger.url));
  };
  key.is_secret = true;
  return key;
}

Key<Config> ManagementUrlKey() {
  Key<Config> key;
  key.name = "broker.management_url";
  key.allowed = R"("http://USER:PASSWORD@HOST:PORT" or "https://…")";
  key.read = &ReadManagementUrl;
  key.show = [](const Config& config) {
    const auto& url = config.broker.management_url;
    return url ? ShowText(MaskSecrets(*url)) : "";
  };
  key.is_secret = true;
  return key;
}

Key<Config> ListenKey() {
  Key<Config> key;
  key.name = "http.listen";
  key.allowed =
      R"(an IP address or localhost and a port from 0 to 65535, like "127.0.0.1:8025", "[::]:8025", "localhost:8025")";
  key.read = &ReadListen;
  key.show = [](const Config& config) {
    return ShowText(FormatListenAddress(config.http.host, config.http.port));
  };
  return key;
}

}  // namespace deadletter
