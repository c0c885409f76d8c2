#include "tests/load/sizes.h"

#include <charconv>
#include <cstdlib>
#include <stdexcept>
#include <string>

namespace deadletter::test {

LoadSizes Sizes() {
  LoadSizes sizes;
  if (const char* load = std::getenv("DEADLETTER_LOAD"); load != nullptr) {
    if (std::string(load) != "full") {
      throw std::runtime_error("DEADLETTER_LOAD is \"" + std::string(load) + "\"; allowed: full");
    }
    sizes = {.queued_letters = 1'000'000,
             .malformed_letters = 100'000,
             .large_letter_bytes = 100 * kMebibyte,
             .letters_of_sixteen_mebibytes = 64,
             .dead_letter_queues = 50,
             .cut_connections = 100,
             .instances = 20,
             .letters_for_a_slow_ledger = 400};
  }
  if (const char* letters = std::getenv("DEADLETTER_LOAD_LETTERS"); letters != nullptr) {
    const std::string text = letters;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), sizes.queued_letters);
    if (error != std::errc() || end != text.data() + text.size() || sizes.queued_letters < 1) {
      throw std::runtime_error("DEADLETTER_LOAD_LETTERS is \"" + text + "\"; allowed: 1 and more");
    }
  }
  return sizes;
}

}  // namespace deadletter::test
