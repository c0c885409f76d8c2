// How much the load tests send: a sample where DEADLETTER_LOAD is not set, everything where it is
// "full". DEADLETTER_LOAD_LETTERS alone changes how many letters are queued before the start.
#pragma once

#include <cstddef>

namespace deadletter::test {

inline constexpr std::size_t kMebibyte = std::size_t{1} << 20;

struct LoadSizes {
  int queued_letters = 5'000;
  int malformed_letters = 2'000;
  std::size_t large_letter_bytes = 20 * kMebibyte;
  int letters_of_sixteen_mebibytes = 16;
  int dead_letter_queues = 10;
  int cut_connections = 5;
  int instances = 3;
  int letters_for_a_slow_ledger = 24;  // of a mebibyte each
};

// Throws where the environment says something else than the above.
[[nodiscard]] LoadSizes Sizes();

}  // namespace deadletter::test
