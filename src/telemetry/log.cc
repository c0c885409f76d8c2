#include "telemetry/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>

#include "base/clock.h"
#include "base/rfc3339.h"
#include "base/text.h"

namespace deadletter {
namespace {

constexpr size_t kMaxLogValueBytes = 4096;

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::off;
}

std::string_view LevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "";
}

struct Output {
  // The line is put together here, escaped and with its time; spdlog adds levels, locking and the
  // end of the line.
  Output() : logger("deadletter", std::make_shared<spdlog::sinks::stderr_sink_mt>()) {
    logger.set_pattern("%v");
    logger.set_level(spdlog::level::info);
  }

  spdlog::logger logger;
  std::atomic<LogFormat> format{LogFormat::kText};
};

Output& TheOutput() {
  static Output output;
  return output;
}

// Characters beyond ASCII that could move a terminal's cursor, end a line for some reader, or turn
// the direction of the text: C1 controls, U+2028 to U+202E, U+2066 to U+2069.
bool IsDeceptive(std::uint32_t code) {
  return (code >= 0x80 && code <= 0x9F) || (code >= 0x2028 && code <= 0x202E) ||
         (code >= 0x2066 && code <= 0x2069);
}

// The code point of a two or three byte character at the front of `text` (well-formed UTF-8), else
// 0.
std::uint32_t ShortCharacter(std::string_view text, size_t& length) {
  const auto byte = [&](size_t index) { return static_cast<std::uint8_t>(text[index]); };
  if ((byte(0) & 0xE0) == 0xC0 && text.size() >= 2) {
    length = 2;
    return (byte(0) & 0x1Fu) << 6 | (byte(1) & 0x3Fu);
  }
  if ((byte(0) & 0xF0) == 0xE0 && text.size() >= 3) {
    length = 3;
    return (byte(0) & 0x0Fu) << 12 | (byte(1) & 0x3Fu) << 6 | (byte(2) & 0x3Fu);
  }
  length = 1;
  return 0;
}

std::string Quoted(std::string_view value) {
  const std::string json = JsonString(DisplayText(value, kMaxLogValueBytes));
  std::string quoted;
  quoted.reserve(json.size());
  for (size_t at = 0; at < json.size();) {
    size_t length = 1;
    const std::uint32_t code = ShortCharacter(std::string_view(json).substr(at), length);
    if (IsDeceptive(code)) {
      quoted += fmt::format("\\u{:04x}", code);
    } else {
      quoted.append(json, at, length);
    }
    at += length;
  }
  return quoted;
}

bool NeedsNoQuotes(std::string_view value) {
  return !value.empty() && value.size() <= kMaxLogValueBytes &&
         std::all_of(value.begin(), value.end(), [](char c) {
           return c > ' ' && c < 0x7f && c != '"' && c != '=' && c != '\\';
         });
}

std::string TextLine(std::string_view time, LogLevel level, std::string_view event,
                     std::initializer_list<LogField> fields) {
  std::string line = fmt::format("{} {} {}", time, LevelName(level), event);
  for (const LogField& field : fields) {
    line += ' ';
    line += field.name;
    line += '=';
    line += NeedsNoQuotes(field.value) ? field.value : Quoted(field.value);
  }
  return line;
}

std::string JsonLine(std::string_view time, LogLevel level, std::string_view event,
                     std::initializer_list<LogField> fields) {
  std::string line = fmt::format(R"({{"time":"{}","level":"{}","event":{})", time, LevelName(level),
                                 Quoted(event));
  for (const LogField& field : fields) {
    line += ',';
    line += Quoted(field.name);
    line += ':';
    line += Quoted(field.value);
  }
  line += '}';
  return line;
}

std::string Line(LogFormat format, LogLevel level, std::string_view event,
                 std::initializer_list<LogField> fields) {
  const std::string time = FormatRfc3339(SystemClock().Now(), 3);
  return format == LogFormat::kJson ? JsonLine(time, level, event, fields)
                                    : TextLine(time, level, event, fields);
}

}  // namespace

void SetUpLog(LogFormat format, LogLevel level) {
  Output& output = TheOutput();
  output.format = format;
  output.logger.set_level(ToSpdlog(level));
}

void Log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  Output& output = TheOutput();
  if (!output.logger.should_log(ToSpdlog(level))) return;
  output.logger.log(ToSpdlog(level), Line(output.format, level, event, fields));
}

void LogAlways(std::string_view event, std::initializer_list<LogField> fields) {
  Output& output = TheOutput();
  // The line's own level is in the line; this one passes every filter.
  output.logger.log(spdlog::level::critical, Line(output.format, LogLevel::kInfo, event, fields));
}

}  // namespace deadletter
