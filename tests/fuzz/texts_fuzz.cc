// Texts of one line that somebody else wrote: addresses, cursors, times, ids, amounts. What is read
// can be written and read again, what the configuration lets pass its adapter understands, and no
// error tells a password.
#include <libpq-fe.h>

#include <algorithm>
#include <memory>

#include "base/rfc3339.h"
#include "base/text.h"
#include "base/uuid.h"
#include "broker/rabbitmq/url.h"
#include "cli/server_url.h"
#include "config/config.h"
#include "config/units.h"
#include "config/url.h"
#include "letter/execution_id.h"
#include "operations/cursor.h"
#include "operations/json_writer.h"
#include "tests/fuzz/target.h"

namespace deadletter::fuzz {
namespace {

constexpr std::string_view kPassword = "hunter2-XYZZY";

template <class T>
void CheckError(const Result<T>& result) {
  if (result) return;
  Require(IsOneShownLine(result.error().message), "an error is one line that can be shown");
}

// With a password that no error may tell, in the place of one.
template <class Check>
void CheckSecrecy(std::string_view scheme, std::string_view rest, Check check) {
  const std::string url =
      std::string(scheme) + "user:" + std::string(kPassword) + std::string(rest);
  const auto result = check(url);
  Require(result || result.error().message.find(kPassword) == std::string::npos,
          "an error never tells a password");
}

void AmqpUrl(std::string_view text) {
  const auto endpoint = rabbitmq::ParseAmqpUrl(text);
  CheckError(endpoint);
  CheckSecrecy("amqp://", text, &rabbitmq::ParseAmqpUrl);
  CheckSecrecy("amqp://", text, &CheckBrokerUrl);
  if (!IsBrokerUrl(text)) return;
  const auto checked = CheckBrokerUrl(text);
  CheckError(checked);
  if (!checked) return;
  Require(endpoint.has_value(), "an address that the configuration lets pass is understood");
  Require(!endpoint->host.empty() && endpoint->port != 0, "an endpoint has a host and a port");
  const auto shown = rabbitmq::ParseAmqpUrl(endpoint->Shown());
  Require(shown && shown->tls == endpoint->tls && shown->host == endpoint->host &&
              shown->port == endpoint->port && shown->path == endpoint->path,
          "what is shown of an endpoint is its address");
}

struct OptionsEnd {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};

bool LibpqUnderstands(const std::string& url) {
  const std::unique_ptr<PQconninfoOption, OptionsEnd> options(
      PQconninfoParse(url.c_str(), nullptr));
  return options != nullptr;
}

void PostgresUrl(std::string_view text) {
  const std::string url = "postgresql://" + std::string(text);
  const auto checked = CheckLedgerUrl(url);
  CheckError(checked);
  if (checked) Require(LibpqUnderstands(url), "what the configuration lets pass libpq understands");
  CheckSecrecy("postgresql://", text, &CheckLedgerUrl);
  if (text.find(kPassword) != std::string_view::npos) return;  // it is no secret there
  const std::string with = "postgresql://user:" + std::string(kPassword) + "@" + std::string(text);
  if (CheckLedgerUrl(with))
    Require(MaskSecrets(with).find(kPassword) == std::string::npos, "a mask hides the password");
}

void ManagementUrl(std::string_view text) {
  const auto endpoint = rabbitmq::ParseManagementUrl(text);
  CheckError(endpoint);
  const auto checked = CheckManagementUrl(text);
  CheckError(checked);
  Require(!checked || endpoint, "an address that the configuration lets pass is understood");
  CheckSecrecy("http://", text, &rabbitmq::ParseManagementUrl);
  CheckSecrecy("http://", text, &CheckManagementUrl);
}

void ListenText(std::string_view text) {
  const auto address = ParseListenAddress(text);
  CheckError(address);
  if (!address) return;
  const auto again = ParseListenAddress(FormatListenAddress(address->host, address->port));
  Require(again && again->host == address->host && again->port == address->port,
          "an address is written as it is read");
  static_cast<void>(IsLoopback(address->host));
}

void ServerText(std::string_view text) {
  const auto url = cli::ParseServerUrl(text);
  Require(url || !url.error().message.empty(),
          "an error says something");  // the terminal escapes it
  CheckSecrecy("http://", std::string(text) + "@", &cli::ParseServerUrl);
  if (!url) return;
  Require(!url->host.empty() && !url->port.empty(), "a server has a host and a port");
  Require(url->base_path.starts_with('/') && url->base_path.ends_with('/'),
          "a base path is between slashes");
  const std::string head = url->authority + url->base_path;
  Require(head.find_first_of("\r\n ") == std::string::npos,
          "nothing of an address ends a line of the request");
}

void CursorText(std::string_view text) {
  if (const auto cursor = ParseCursor(text))
    Require(FormatCursor(*cursor) == text, "a cursor has one spelling");
  Cursor made;
  Uuid id;
  std::copy_n(text.begin(), std::min(text.size(), id.bytes.size()), id.bytes.begin());
  made.after = LetterId(id);
  const std::string_view rest = text.substr(std::min(text.size(), id.bytes.size()));
  std::copy_n(rest.begin(), std::min(rest.size(), made.filter.size()), made.filter.begin());
  Require(ParseCursor(FormatCursor(made)) == made, "a cursor comes back");
}

void TimeText(std::string_view text) {
  const auto time = ParseRfc3339(text);
  if (!time) return;
  Require(time->fraction_digits >= 0, "a precision is not negative");
  const std::string written = FormatRfc3339(time->instant);
  const auto again = ParseRfc3339(written);
  Require(again && again->instant == time->instant, "an instant comes back");
  for (int digits = 0; digits < 6; ++digits) {
    const auto rough = ParseRfc3339(FormatRfc3339(time->instant, digits));
    Require(rough && rough->instant <= time->instant && rough->fraction_digits == digits,
            "fewer digits are cut off");
  }
}

void IdText(std::string_view text) {
  if (const auto uuid = ParseUuid(text)) {
    Require(ParseUuid(FormatUuid(*uuid)) == uuid, "a UUID comes back");
    Require(FormatUuid(*uuid).size() == 36, "a UUID has one form");
  }
  for (const ExecutionIdType type :
       {ExecutionIdType::kInteger, ExecutionIdType::kUuid, ExecutionIdType::kText}) {
    const auto id = ParseExecutionId(type, text);
    if (!id) continue;
    Require(id->type() == type, "an id is of the type that was asked for");
    Require(ParseExecutionId(type, id->ToString()) == id, "an id comes back");
    Require(CompactJson(id->ToJson(), 1).has_value(), "an id is written as JSON");
  }
  if (const auto group = GroupIdFromHex(text))
    Require(GroupIdFromHex(ToHex(*group)) == group, "a group comes back");
}

void AmountText(std::string_view text) {
  if (const auto duration = ParseDurationMs(text))
    Require(ParseDurationMs(FormatDurationMs(*duration)) == duration, "a duration comes back");
  if (const auto size = ParseSizeBytes(text))
    Require(ParseSizeBytes(FormatSizeBytes(*size)) == size, "a size comes back");
}

void AnyBytes(std::string_view text) {
  Require(FromBase64(Base64(text)) == std::string(text), "base64 comes back");
  Require(FromHex(Hex(text)) == std::string(text), "hexadecimal comes back");
  if (const auto bytes = FromBase64(text)) Require(Base64(*bytes) == text, "one base64 spelling");
  if (const auto bytes = FromHex(text))
    Require(Hex(*bytes).size() == text.size(), "two digits each");
  for (const std::size_t most : {std::size_t{0}, std::size_t{3}, std::size_t{20}, text.size()}) {
    const std::string shown = DisplayText(text, most);
    Require(IsUtf8(shown) && shown.find('\0') == std::string::npos, "what is shown is text");
    Require(shown.size() <= most + std::string_view("…").size(), "what is shown is cut");
    Require(CompactJson(JsonString(shown), 1).has_value(), "what is shown is written as JSON");
  }
}

void Texts(std::string_view input) {
  constexpr Run kReaders[] = {&AmqpUrl,    &PostgresUrl, &ManagementUrl, &ListenText, &ServerText,
                              &CursorText, &TimeText,    &IdText,        &AmountText, &AnyBytes};
  if (input.empty()) return;
  const auto choice = static_cast<unsigned char>(input.front());
  kReaders[choice % std::size(kReaders)](input.substr(1));
}

const Registration kRegistration("texts", Texts);

}  // namespace
}  // namespace deadletter::fuzz
