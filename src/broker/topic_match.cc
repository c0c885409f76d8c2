#include "broker/topic_match.h"

#include <vector>

namespace deadletter {

namespace {

std::vector<std::string_view> Words(std::string_view text) {
  std::vector<std::string_view> words;
  if (text.empty()) return words;
  while (true) {
    const auto dot = text.find('.');
    words.push_back(text.substr(0, dot));
    if (dot == std::string_view::npos) return words;
    text.remove_prefix(dot + 1);
  }
}

}  // namespace

bool TopicMatches(std::string_view pattern, std::string_view key) {
  const auto words = Words(key);
  // matched[n]: the pattern's words so far match the key's first n. vector<bool> would be no
  // faster.
  std::vector<char> matched(words.size() + 1, 0);
  matched[0] = 1;
  for (const auto wanted : Words(pattern)) {
    if (wanted == "#") {
      for (std::size_t n = 1; n <= words.size(); ++n) matched[n] |= matched[n - 1];
      continue;
    }
    for (std::size_t n = words.size(); n > 0; --n) {
      matched[n] = matched[n - 1] != 0 && (wanted == "*" || wanted == words[n - 1]);
    }
    matched[0] = 0;
  }
  return matched.back() != 0;
}

}  // namespace deadletter
