#include "telemetry/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

namespace deadletter {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

std::string Logged(LogFormat format, LogLevel level, std::string_view event,
                   std::initializer_list<LogField> fields) {
  SetUpLog(format, LogLevel::kInfo);
  testing::internal::CaptureStderr();
  Log(level, event, fields);
  return testing::internal::GetCapturedStderr();
}

TEST(Log, ATextLineHasTimeLevelEventAndFields) {
  EXPECT_THAT(Logged(LogFormat::kText, LogLevel::kInfo, "intake_paused",
                     {{"queue", "attune.dlx.queue"}, {"cause", "ledger away"}}),
              MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z info "
                           "intake_paused queue=attune\\.dlx\\.queue cause=\"ledger away\"\n"));
}

TEST(Log, AJsonLineIsOneObject) {
  EXPECT_THAT(
      Logged(LogFormat::kJson, LogLevel::kError, "settle_failed", {{"code", "57P01"}}),
      MatchesRegex(R"(\{"time":"[^"]*Z","level":"error","event":"settle_failed","code":"57P01"\})"
                   "\n"));
}

TEST(Log, AnEmptyValueIsShownAsSuch) {
  EXPECT_THAT(Logged(LogFormat::kText, LogLevel::kInfo, "e", {{"key", ""}}),
              HasSubstr("e key=\"\"\n"));
}

TEST(Log, WhatIsBelowTheLevelIsNotWritten) {
  EXPECT_EQ(Logged(LogFormat::kText, LogLevel::kDebug, "detail", {}), "");
}

TEST(Log, WhatMustBeKnownIsWrittenWhateverTheLevel) {
  SetUpLog(LogFormat::kText, LogLevel::kError);
  testing::internal::CaptureStderr();
  LogAlways("starting", {{"pair", "embedded"}});
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("info starting pair=embedded\n"));
}

TEST(Log, P9_ALongValueIsCut) {
  EXPECT_LT(
      Logged(LogFormat::kText, LogLevel::kInfo, "e", {{"key", std::string(1 << 20, 'x')}}).size(),
      5000u);
}

std::string WithoutQuotedValues(const std::string& line) {
  return std::regex_replace(line, std::regex(R"("(\\.|[^"\\])*")"), "");
}

class HostileLogValue : public testing::TestWithParam<std::string> {};

// Neither a second line, nor a field that looks like ours, nor a character that a terminal acts on.
TEST_P(HostileLogValue, CannotBreakOrForgeALine) {
  for (const LogFormat format : {LogFormat::kText, LogFormat::kJson}) {
    const std::string line =
        Logged(format, LogLevel::kInfo, "letter_received", {{"type", GetParam()}});
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    EXPECT_THAT(line, Not(HasSubstr("\"level\":\"error\"")));
    EXPECT_THAT(WithoutQuotedValues(line), Not(HasSubstr("level=error")));
    for (const char* forbidden :
         {"\x1b", "\r", "\x7f", "\xc2\x9b", "\xe2\x80\xae", "\xe2\x80\xa8"}) {
      EXPECT_THAT(line, Not(HasSubstr(forbidden)));
    }
    EXPECT_EQ(line.find('\0'), std::string::npos);
  }
}

INSTANTIATE_TEST_SUITE_P(Values, HostileLogValue,
                         testing::Values("a\nb", "a\r\nb", std::string("a\0b", 3), "\x1b[2J",
                                         "\x7f",
                                         "\xc2\x9b"
                                         "31m",
                                         "\xe2\x80\xae"
                                         "cod",
                                         "\xe2\x80\xa8next", "\xe2\x81\xa6x", "\xff\xfe",
                                         "\xed\xa0\x80", "x\",\"level\":\"error",
                                         "\" , level=error", "a\\", "%v %+ {}",
                                         "\xf0\x9f\x98\x80"));

TEST(Log, WordsOfOtherLanguagesStayReadable) {
  EXPECT_THAT(Logged(LogFormat::kText, LogLevel::kInfo, "e", {{"key", "Größe 大"}}),
              HasSubstr("key=\"Größe 大\""));
}

}  // namespace
}  // namespace deadletter
