// The words that a letter is found by in a text search: the same over every ledger.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "letter/message.h"

namespace deadletter {

// Every limit has a unit in its name (P9).
inline constexpr std::size_t kMaxWordBytes = 64;                        // a longer one is cut
inline constexpr std::size_t kMaxWordsOfLetter = 2'000;                 // the first ones
inline constexpr std::size_t kMaxSearchedBytes = std::size_t{1} << 20;  // of a body: its front
inline constexpr std::size_t kMaxWordsOfQuestion = 16;
inline constexpr std::size_t kMaxQuestionBytes = 1'000;

// Goes up whenever a letter comes to have other words: everything is indexed anew then.
inline constexpr int kWordsVersion = 1;

// A word is a run of ASCII letters, in lower case, of digits, and of characters beyond ASCII;
// whatever else there is stands between words. Well-formed UTF-8 and not empty, each once, in the
// order of their bytes.
[[nodiscard]] std::vector<std::string> WordsIn(std::string_view text);

// Of everything that stands in properties and headers, names included, and in `body`: where that is
// JSON, of its names and values with escapes resolved, else of its bytes as they are. `body` is
// what may be found of the message's own.
[[nodiscard]] std::vector<std::string> WordsOf(const Message& message, std::string_view body);

}  // namespace deadletter
