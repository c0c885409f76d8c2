#include "base/rfc3339.h"

#include <fmt/format.h>

namespace deadletter {
namespace {

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

// Takes `count` digits off the front of `rest`.
std::optional<int> TakeNumber(std::string_view& rest, size_t count) {
  if (rest.size() < count) return std::nullopt;
  int number = 0;
  for (char c : rest.substr(0, count)) {
    if (!IsDigit(c)) return std::nullopt;
    number = number * 10 + (c - '0');
  }
  rest.remove_prefix(count);
  return number;
}

bool TakeOneOf(std::string_view& rest, std::string_view allowed) {
  if (rest.empty() || allowed.find(rest.front()) == std::string_view::npos) return false;
  rest.remove_prefix(1);
  return true;
}

std::optional<std::chrono::minutes> TakeOffset(std::string_view& rest) {
  using std::chrono::minutes;
  if (TakeOneOf(rest, "Zz")) return minutes(0);
  const bool west = !rest.empty() && rest.front() == '-';
  if (!TakeOneOf(rest, "+-")) return std::nullopt;
  const auto hour = TakeNumber(rest, 2);
  if (!hour || !TakeOneOf(rest, ":")) return std::nullopt;
  const auto minute = TakeNumber(rest, 2);
  if (!minute || *hour > 23 || *minute > 59) return std::nullopt;
  const minutes offset(*hour * 60 + *minute);
  return west ? -offset : offset;
}

}  // namespace

std::optional<Rfc3339Time> ParseRfc3339(std::string_view text) {
  namespace chr = std::chrono;
  const auto year = TakeNumber(text, 4);
  if (!year || !TakeOneOf(text, "-")) return std::nullopt;
  const auto month = TakeNumber(text, 2);
  if (!month || !TakeOneOf(text, "-")) return std::nullopt;
  const auto day = TakeNumber(text, 2);
  if (!day || !TakeOneOf(text, "Tt ")) return std::nullopt;
  const auto hour = TakeNumber(text, 2);
  if (!hour || !TakeOneOf(text, ":")) return std::nullopt;
  const auto minute = TakeNumber(text, 2);
  if (!minute || !TakeOneOf(text, ":")) return std::nullopt;
  const auto second = TakeNumber(text, 2);
  if (!second || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;

  const chr::year_month_day date(chr::year(*year), chr::month(static_cast<unsigned>(*month)),
                                 chr::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return std::nullopt;

  Microseconds fraction(0);
  int fraction_digits = 0;
  if (TakeOneOf(text, ".")) {
    Microseconds unit(100'000);
    while (!text.empty() && IsDigit(text.front())) {
      fraction += unit * (text.front() - '0');
      unit /= 10;
      ++fraction_digits;
      text.remove_prefix(1);
    }
    if (fraction_digits == 0) return std::nullopt;
  }

  const auto offset = TakeOffset(text);
  if (!offset || !text.empty()) return std::nullopt;
  const Instant instant = chr::sys_days(date) + chr::hours(*hour) + chr::minutes(*minute) +
                          chr::seconds(*second) + fraction - *offset;
  return Rfc3339Time{instant, fraction_digits};
}

std::string FormatRfc3339(Instant instant, int fraction_digits) {
  namespace chr = std::chrono;
  const auto day = chr::floor<chr::days>(instant);
  const chr::year_month_day date(day);
  const chr::hh_mm_ss<Microseconds> time(instant - day);
  std::string text =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  time.hours().count(), time.minutes().count(), time.seconds().count());
  if (fraction_digits > 0) {
    const std::string six = fmt::format("{:06}", time.subseconds().count());
    text += '.';
    text.append(six, 0, static_cast<size_t>(fraction_digits));
  }
  text += 'Z';
  return text;
}

}  // namespace deadletter
