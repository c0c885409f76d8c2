// Values out of an input's bytes, so that a fuzzer that changes a byte changes a value. Total:
// where the bytes end, everything is nought and empty.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "letter/field.h"

namespace deadletter::fuzz {

class ByteSource {
 public:
  explicit ByteSource(std::string_view bytes) : rest_(bytes) {}

  [[nodiscard]] bool AtEnd() const { return rest_.empty(); }
  [[nodiscard]] std::string_view Rest() const { return rest_; }

  std::uint8_t Byte();
  std::uint64_t Number(std::size_t bytes);  // big-endian
  bool Bool() { return (Byte() & 1) != 0; }
  // From 0 to `bound` - 1.
  std::size_t Below(std::size_t bound) { return Byte() % bound; }
  std::string_view Take(std::size_t size);          // fewer where the bytes end
  std::string_view Part() { return Take(Byte()); }  // a byte of length, then so many
  std::string_view LongPart() { return Take(Number(2)); }

  // One of `words`, or bytes of the input's own.
  std::string Word(std::span<const std::string_view> words);

  // Any value or table of AMQP's, `depth` levels deep at most; names and strings come from `words`
  // now and then.
  FieldValue Value(std::span<const std::string_view> words, int depth);
  FieldTable Table(std::span<const std::string_view> words, int depth);

 private:
  std::string_view rest_;
};

}  // namespace deadletter::fuzz
