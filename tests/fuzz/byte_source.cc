#include "tests/fuzz/byte_source.h"

#include <algorithm>
#include <bit>

namespace deadletter::fuzz {
namespace {

constexpr std::size_t kMaxEntries = 32;

template <class T>
T Narrow(ByteSource& source) {
  return static_cast<T>(source.Number(sizeof(T)));
}

}  // namespace

std::uint8_t ByteSource::Byte() {
  return static_cast<std::uint8_t>(Number(1));
}

std::uint64_t ByteSource::Number(std::size_t bytes) {
  std::uint64_t number = 0;
  for (const char byte : Take(bytes)) number = number << 8 | static_cast<unsigned char>(byte);
  return number;
}

std::string_view ByteSource::Take(std::size_t size) {
  const std::string_view taken = rest_.substr(0, size);
  rest_.remove_prefix(taken.size());
  return taken;
}

std::string ByteSource::Word(std::span<const std::string_view> words) {
  const std::size_t choice = Below(words.size() + 2);
  return std::string(choice < words.size() ? words[choice] : Part());
}

FieldValue ByteSource::Value(std::span<const std::string_view> words, int depth) {
  switch (Below(depth > 0 ? 22 : 18)) {
    case 0:
      return {FieldVoid{}};
    case 1:
      return {Bool()};
    case 2:
      return {Narrow<std::int8_t>(*this)};
    case 3:
      return {Narrow<std::uint8_t>(*this)};
    case 4:
      return {Narrow<std::int16_t>(*this)};
    case 5:
      return {Narrow<std::uint16_t>(*this)};
    case 6:
      return {Narrow<std::int32_t>(*this)};
    case 7:
      return {Narrow<std::uint32_t>(*this)};
    case 8:
      return {Narrow<std::int64_t>(*this)};
    case 9:
      return {Number(8)};
    case 10:
      return {std::bit_cast<float>(Narrow<std::uint32_t>(*this))};
    case 11:
      return {std::bit_cast<double>(Number(8))};
    case 12: {
      const std::uint8_t scale = Byte();
      return {FieldDecimal{scale, Narrow<std::uint32_t>(*this)}};
    }
    case 13:
      return {FieldTimestamp{Number(8)}};
    case 14:
      return {FieldTimestamp{Number(4)}};  // where the true ones are
    case 15:
      return {FieldBytes{std::string(Part())}};
    case 16:
    case 17:
      return {Word(words)};
    case 18:
    case 19: {
      FieldArray array;
      for (std::size_t left = Below(kMaxEntries); left > 0 && !AtEnd(); --left)
        array.push_back(Value(words, depth - 1));
      return {std::move(array)};
    }
    default:
      return {Table(words, depth - 1)};
  }
}

FieldTable ByteSource::Table(std::span<const std::string_view> words, int depth) {
  FieldTable table;
  for (std::size_t left = Below(kMaxEntries); left > 0 && !AtEnd(); --left) {
    std::string name = Word(words);
    table.entries.push_back({std::move(name), Value(words, depth)});
  }
  return table;
}

}  // namespace deadletter::fuzz
