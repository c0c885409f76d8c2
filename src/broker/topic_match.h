// Topic exchanges: words separated by dots; '*' stands for one word, '#' for any number of them.
#pragma once

#include <string_view>

namespace deadletter {

// As RabbitMQ matches: an empty key has no words, "a..c" has an empty one in its middle. Takes at
// most words(pattern) × words(key) steps, whatever the pattern.
[[nodiscard]] bool TopicMatches(std::string_view pattern, std::string_view key);

}  // namespace deadletter
