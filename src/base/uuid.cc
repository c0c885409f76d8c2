#include "base/uuid.h"

#include <openssl/rand.h>
#include <pthread.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <mutex>
#include <span>

#include "base/hex_digit.h"

namespace deadletter {
namespace {

bool IsHyphenPlace(size_t place) {
  return place == 8 || place == 13 || place == 18 || place == 23;
}

// How often this process was forked off another one: what that one has fetched is not ours.
std::atomic<std::uint32_t> forks{0};

// Randomness of a thread's, fetched for many identities at once: to ask for sixteen bytes costs as
// much as to ask for a thousand.
class RandomBytes {
 public:
  void Take(std::span<std::uint8_t> bytes) {
    if (left_ < bytes.size() || forks_ != forks) Fetch();
    std::copy_n(fetched_.end() - static_cast<std::ptrdiff_t>(left_), bytes.size(), bytes.begin());
    left_ -= bytes.size();
  }

 private:
  void Fetch() {
    // Without a source of randomness no identity is safe to hand out; there is nothing to fall back
    // to.
    if (RAND_bytes(fetched_.data(), static_cast<int>(fetched_.size())) != 1) std::abort();
    left_ = fetched_.size();
    forks_ = forks;
  }

  std::array<std::uint8_t, 1024> fetched_{};
  std::size_t left_ = 0;
  std::uint32_t forks_ = 0;
};

void FillRandom(std::span<std::uint8_t> bytes) {
  static const int watching = pthread_atfork(nullptr, nullptr, [] { ++forks; });
  if (watching != 0) std::abort();
  thread_local RandomBytes random;
  random.Take(bytes);
}

void SetVersion(Uuid& uuid, std::uint8_t version) {
  uuid.bytes[6] = static_cast<std::uint8_t>((uuid.bytes[6] & 0x0f) | (version << 4));
  uuid.bytes[8] = static_cast<std::uint8_t>((uuid.bytes[8] & 0x3f) | 0x80);
}

}  // namespace

std::optional<Uuid> ParseUuid(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  Uuid uuid;
  size_t nibble = 0;
  for (size_t place = 0; place < text.size(); ++place) {
    if (IsHyphenPlace(place)) {
      if (text[place] != '-') return std::nullopt;
      continue;
    }
    const auto digit = HexDigit(text[place]);
    if (!digit) return std::nullopt;
    auto& byte = uuid.bytes[nibble / 2];
    byte = static_cast<std::uint8_t>((byte << 4) | *digit);
    ++nibble;
  }
  return uuid;
}

std::string FormatUuid(const Uuid& uuid) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (const std::uint8_t byte : uuid.bytes) {
    if (IsHyphenPlace(text.size())) text += '-';
    text += kDigits[byte >> 4];
    text += kDigits[byte & 0x0f];
  }
  return text;
}

Uuid RandomUuid() {
  Uuid uuid;
  FillRandom(uuid.bytes);
  SetVersion(uuid, 4);
  return uuid;
}

Uuid TimeOrderedUuid(Instant now) {
  // 48 bits of milliseconds, then a 12-bit counter (RFC 9562 method 1) that carries into the
  // milliseconds.
  static std::mutex mutex;
  static std::uint64_t last = 0;

  const auto milliseconds =
      std::chrono::floor<std::chrono::milliseconds>(now).time_since_epoch().count();
  const std::uint64_t wanted = static_cast<std::uint64_t>(std::max<std::int64_t>(milliseconds, 0))
                               << 12;
  std::uint64_t stamp;
  {
    const std::lock_guard lock(mutex);
    last = std::max(wanted, last + 1);
    stamp = last;
  }
  Uuid uuid;
  FillRandom(std::span(uuid.bytes).last(8));
  const std::uint64_t time = stamp >> 12;
  for (size_t index = 0; index < 6; ++index) {
    uuid.bytes[index] = static_cast<std::uint8_t>(time >> (40 - 8 * index));
  }
  uuid.bytes[6] = static_cast<std::uint8_t>((stamp >> 8) & 0x0f);
  uuid.bytes[7] = static_cast<std::uint8_t>(stamp);
  SetVersion(uuid, 7);
  return uuid;
}

}  // namespace deadletter
