// One structured line an event, on standard error: text for people, JSON for collectors. Values are
// escaped, so that what a letter holds cannot break a line or forge one.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace deadletter {

enum class LogLevel { kDebug, kInfo, kWarning, kError };
enum class LogFormat { kText, kJson };

struct LogField {
  std::string_view name;
  std::string value;
};

// To be called once, before the first line; without it: text, info.
void SetUpLog(LogFormat format, LogLevel level);

// `event` is a fixed name with underscores ("intake_paused"): what alerts match on. Safe from any
// thread.
void Log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});

// Written whatever the level, as info: what must be known of every run.
void LogAlways(std::string_view event, std::initializer_list<LogField> fields = {});

inline void LogInfo(std::string_view event, std::initializer_list<LogField> fields = {}) {
  Log(LogLevel::kInfo, event, fields);
}
inline void LogWarning(std::string_view event, std::initializer_list<LogField> fields = {}) {
  Log(LogLevel::kWarning, event, fields);
}
inline void LogError(std::string_view event, std::initializer_list<LogField> fields = {}) {
  Log(LogLevel::kError, event, fields);
}

}  // namespace deadletter
