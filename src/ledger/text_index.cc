#include "ledger/text_index.h"

#include <ranges>

namespace deadletter {
namespace {

constexpr std::size_t kTimeBytes = 6;

}  // namespace

Uuid FirstIdAt(Instant instant) {
  auto left = std::chrono::floor<std::chrono::milliseconds>(instant).time_since_epoch().count();
  Uuid id;
  for (std::size_t place = kTimeBytes; place > 0; --place) {
    id.bytes[place - 1] = static_cast<std::uint8_t>(left);
    left >>= 8;
  }
  return id;
}

Instant InstantOfId(const Uuid& id) {
  std::int64_t milliseconds = 0;
  for (std::size_t place = 0; place < kTimeBytes; ++place)
    milliseconds = milliseconds << 8 | id.bytes[place];
  return Instant(std::chrono::milliseconds(milliseconds));
}

Uuid IdAfter(Uuid id) {
  const Uuid before = id;
  for (std::uint8_t& byte : std::views::reverse(id.bytes)) {
    if (++byte != 0) return id;
  }
  return before;
}

}  // namespace deadletter
