// Readers: from a raw value to a checked one, and back to the text that a person would have
// written.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/limits.h"
#include "config/raw_value.h"

namespace deadletter {

template <class T>
struct Reader {
  std::string allowed;  // for people: "a whole number from 1 to 65535"
  // The error adds a detail where `allowed` alone does not tell what is wrong; empty otherwise.
  std::function<Result<T>(const RawValue&)> read;
  std::function<std::string(const T&)> show;  // as TOML
};

using Milliseconds = std::chrono::milliseconds;

[[nodiscard]] Reader<bool> Boolean();
[[nodiscard]] Reader<std::int64_t> WholeNumber(limits::Range<std::int64_t> range);
[[nodiscard]] Reader<double> Number(limits::Range<double> range);
[[nodiscard]] Reader<Milliseconds> Duration(limits::Range<std::int64_t> range_ms);
[[nodiscard]] Reader<std::int64_t> Size(limits::Range<std::int64_t> range_bytes);

// UTF-8 without control characters.
[[nodiscard]] Reader<std::string> Text(std::size_t min_bytes, std::size_t max_bytes);
// The same with a rule of its own.
[[nodiscard]] Reader<std::string> TextThat(std::size_t max_bytes, std::string allowed,
                                           std::function<Result<void>(const std::string&)> check);
// The value as text; the error is empty where it is none.
[[nodiscard]] Result<std::string> ReadText(const RawValue& raw, std::size_t max_bytes);

// Texts that differ from each other.
[[nodiscard]] Reader<std::vector<std::string>> Texts(limits::Range<std::size_t> items,
                                                     Reader<std::string> item);

// As a TOML string or list.
[[nodiscard]] std::string ShowText(const std::string& text);
[[nodiscard]] std::string ShowTexts(const std::vector<std::string>& texts);

// What a wrong value looks like in a message: short, printable, of one line.
[[nodiscard]] std::string DescribeRaw(const RawValue& raw);

// One word of a closed set.
template <class T>
[[nodiscard]] Reader<T> Choice(const std::vector<std::pair<std::string, T>>& words) {
  Reader<T> reader;
  for (const auto& [word, value] : words) {
    reader.allowed += (reader.allowed.empty() ? "" : ", ") + ShowText(word);
  }
  reader.read = [words](const RawValue& raw) -> Result<T> {
    const auto text = ReadText(raw, limits::kNameBytes);
    for (const auto& [word, value] : words) {
      if (text && *text == word) return value;
    }
    return Fail("");
  };
  reader.show = [words](const T& wanted) -> std::string {
    for (const auto& [word, value] : words) {
      if (value == wanted) return ShowText(word);
    }
    return "";
  };
  return reader;
}

}  // namespace deadletter
