#include "operations/body_json.h"

#include <cstdint>
#include <optional>

#include "base/text.h"
#include "operations/json_writer.h"

namespace deadletter {
namespace {

// The longest front of `text` (UTF-8) that fits without cutting a character.
std::string_view FrontOf(std::string_view text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  std::size_t length = max_bytes;
  while (length > 0 && (static_cast<std::uint8_t>(text[length]) & 0xC0) == 0x80) --length;
  return text.substr(0, length);
}

struct Shown {
  std::string_view encoding;
  std::string value;
};

Shown Show(std::string_view body, std::size_t max_bytes) {
  if (body.size() <= max_bytes) {
    if (auto json = CompactJson(body, kMaxShownBodyDepth)) return {"json", std::move(*json)};
  }
  if (IsUtf8(body)) return {"text", JsonString(FrontOf(body, max_bytes))};
  return {"base64", JsonString(Base64(body.substr(0, max_bytes)))};
}

}  // namespace

std::string BodyJson(std::string_view body, std::string_view url, bool redacted,
                     std::size_t max_body_bytes) {
  const Shown shown = Show(body, max_body_bytes);
  return JsonObject()
      .Add("encoding", JsonString(shown.encoding))
      .Add("value", shown.value)
      .Add("truncated", FlagJson(body.size() > max_body_bytes))
      .Add("redacted", FlagJson(redacted))
      .Add("url", JsonString(url))
      .Take();
}

std::string WholeBodyJson(std::string_view body) {
  const Shown shown = Show(body, body.size());
  return JsonObject().Add("encoding", JsonString(shown.encoding)).Add("value", shown.value).Take();
}

std::string HiddenBodyJson(std::string_view url) {
  return JsonObject()
      .Add("encoding", JsonString("redacted"))
      .Add("value", kJsonNull)
      .Add("truncated", "false")
      .Add("redacted", "true")
      .Add("url", JsonString(url))
      .Take();
}

}  // namespace deadletter
