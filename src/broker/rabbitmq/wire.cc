#include "broker/rabbitmq/wire.h"

#include <bit>
#include <concepts>
#include <cstring>
#include <optional>

namespace deadletter::rabbitmq {

namespace {

// Thrown and caught in this file only: a truncated value may end the reading at any depth.
struct Malformed {
  const char* what;
};

class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  template <std::unsigned_integral T>
  void Number(T number) {
    for (int shift = (static_cast<int>(sizeof(T)) - 1) * 8; shift >= 0; shift -= 8) {
      out_.push_back(static_cast<char>(number >> shift & 0xff));
    }
  }
  void LongString(std::string_view bytes) {
    if (bytes.size() > UINT32_MAX) throw Malformed{"a value of more than 4 GiB"};
    Number(static_cast<std::uint32_t>(bytes.size()));
    out_.append(bytes);
  }
  void Name(std::string_view name) {
    if (name.size() > 255) throw Malformed{"a name of more than 255 octets"};
    Number(static_cast<std::uint8_t>(name.size()));
    out_.append(name);
  }
  // Whatever `write` writes, with its length before it.
  template <class Write>
  void WithLength(const Write& write) {
    const auto start = out_.size();
    Number(std::uint32_t{0});
    write();
    const auto length = static_cast<std::uint32_t>(out_.size() - start - 4);
    for (std::size_t i = 0; i < 4; ++i)
      out_[start + i] = static_cast<char>(length >> (24 - 8 * i) & 0xff);
  }
  void Table(const FieldTable& table) {
    WithLength([&] {
      for (const auto& entry : table.entries) {
        Name(entry.name);
        Value(entry.value);
      }
    });
  }
  void Value(const FieldValue& value) {
    std::visit([this](const auto& held) { Typed(held); }, value.value);
  }

 private:
  void Type(char type) { out_.push_back(type); }

  void Typed(const FieldVoid&) { Type('V'); }
  void Typed(bool value) {
    Type('t');
    Number(static_cast<std::uint8_t>(value ? 1 : 0));
  }
  void Typed(std::int8_t value) {
    Type('b');
    Number(static_cast<std::uint8_t>(value));
  }
  void Typed(std::uint8_t value) {
    Type('B');
    Number(value);
  }
  void Typed(std::int16_t value) {
    Type('s');
    Number(static_cast<std::uint16_t>(value));
  }
  void Typed(std::uint16_t value) {
    Type('u');
    Number(value);
  }
  void Typed(std::int32_t value) {
    Type('I');
    Number(static_cast<std::uint32_t>(value));
  }
  void Typed(std::uint32_t value) {
    Type('i');
    Number(value);
  }
  void Typed(std::int64_t value) {
    Type('l');
    Number(static_cast<std::uint64_t>(value));
  }
  void Typed(std::uint64_t value) {
    Type('L');
    Number(value);
  }
  void Typed(float value) {
    Type('f');
    Number(std::bit_cast<std::uint32_t>(value));
  }
  void Typed(double value) {
    Type('d');
    Number(std::bit_cast<std::uint64_t>(value));
  }
  void Typed(const FieldDecimal& value) {
    Type('D');
    Number(value.scale);
    Number(value.value);
  }
  void Typed(const FieldTimestamp& value) {
    Type('T');
    Number(value.seconds);
  }
  void Typed(const std::string& value) {
    Type('S');
    LongString(value);
  }
  void Typed(const FieldBytes& value) {
    Type('x');
    LongString(value.bytes);
  }
  void Typed(const FieldArray& array) {
    Type('A');
    WithLength([&] {
      for (const auto& value : array) Value(value);
    });
  }
  void Typed(const FieldTable& table) {
    Type('F');
    Table(table);
  }
  void Typed(const FieldEncoded& value) { out_.append(value.bytes); }

  std::string& out_;
};

class Reader {
 public:
  // `values_left` is counted down: it is shared with the readers of what is nested.
  Reader(std::string_view bytes, std::size_t& values_left)
      : rest_(bytes), values_left_(values_left) {}

  [[nodiscard]] bool AtEnd() const { return rest_.empty(); }

  std::string_view Take(std::size_t size) {
    if (rest_.size() < size) throw Malformed{"it ends within a value"};
    const auto taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  template <std::unsigned_integral T>
  T Number() {
    T number = 0;
    for (const char byte : Take(sizeof(T))) {
      number = static_cast<T>(static_cast<std::uint64_t>(number) << 8 |
                              static_cast<unsigned char>(byte));
    }
    return number;
  }
  std::string_view LongString() { return Take(Number<std::uint32_t>()); }
  std::string ShortString() { return std::string(Take(Number<std::uint8_t>())); }

  FieldTable Table(int depth) {
    Reader inside(LongString(), values_left_);
    FieldTable table;
    while (!inside.AtEnd()) {
      auto name = inside.ShortString();
      table.entries.push_back({std::move(name), inside.Value(depth)});
    }
    return table;
  }

 private:
  // `depth`: how many tables and arrays are around this value, the headers themselves not counted.
  FieldValue Value(int depth) {
    if (values_left_ == 0) throw Malformed{"more values than are read"};
    --values_left_;
    const auto before = rest_;
    const char type = Take(1)[0];
    if ((type == 'A' || type == 'F') && depth >= kMaxFieldDepth) {
      LongString();
      return {FieldEncoded{std::string(before.substr(0, before.size() - rest_.size()))}};
    }
    return Typed(type, depth);
  }

  FieldValue Typed(char type, int depth) {
    switch (type) {
      case 'V':
        return {FieldVoid{}};
      case 't':
        return {Number<std::uint8_t>() != 0};
      case 'b':
        return {static_cast<std::int8_t>(Number<std::uint8_t>())};
      case 'B':
        return {Number<std::uint8_t>()};
      case 's':
        return {static_cast<std::int16_t>(Number<std::uint16_t>())};
      case 'u':
        return {Number<std::uint16_t>()};
      case 'I':
        return {static_cast<std::int32_t>(Number<std::uint32_t>())};
      case 'i':
        return {Number<std::uint32_t>()};
      case 'l':
        return {static_cast<std::int64_t>(Number<std::uint64_t>())};
      case 'L':
        return {Number<std::uint64_t>()};
      case 'f':
        return {std::bit_cast<float>(Number<std::uint32_t>())};
      case 'd':
        return {std::bit_cast<double>(Number<std::uint64_t>())};
      case 'D': {
        const auto scale = Number<std::uint8_t>();
        return {FieldDecimal{scale, Number<std::uint32_t>()}};
      }
      case 'T':
        return {FieldTimestamp{Number<std::uint64_t>()}};
      case 'S':
        return {std::string(LongString())};
      case 'x':
        return {FieldBytes{std::string(LongString())}};
      case 'A': {
        Reader inside(LongString(), values_left_);
        FieldArray array;
        while (!inside.AtEnd()) array.push_back(inside.Value(depth + 1));
        return {std::move(array)};
      }
      case 'F':
        return {Table(depth + 1)};
      default:
        throw Malformed{"a value of an unknown type"};
    }
  }

  std::string_view rest_;
  std::size_t& values_left_;
};

}  // namespace

Result<std::string> EncodeTable(const FieldTable& table) {
  try {
    std::string bytes;
    Writer(bytes).Table(table);
    return bytes;
  } catch (const Malformed& malformed) {
    return Fail(std::string("headers that AMQP cannot carry: ") + malformed.what);
  }
}

Result<FieldTable> DecodeTable(std::string_view bytes) {
  try {
    std::size_t values_left = kMaxFieldValues;
    Reader reader(bytes, values_left);
    auto table = reader.Table(0);
    if (!reader.AtEnd()) return Fail("headers that cannot be decoded: bytes behind their end");
    return table;
  } catch (const Malformed& malformed) {
    return Fail(std::string("headers that cannot be decoded: ") + malformed.what);
  }
}

Result<ContentHeader> DecodeContentHeader(std::string_view bytes) {
  try {
    std::size_t values_left = kMaxFieldValues;
    Reader reader(bytes, values_left);
    const auto flags = reader.Number<std::uint16_t>();
    // Bit 0 announces a further word of flags; class basic has no more than 14 properties and so
    // never needs one.
    if ((flags & 1) != 0)
      return Fail("properties that cannot be decoded: more than AMQP 0-9-1 has");
    int bit = 15;
    const auto present = [&] { return (flags >> bit-- & 1) != 0; };
    const auto text = [&]() -> std::optional<std::string> {
      return present() ? std::optional(reader.ShortString()) : std::nullopt;
    };
    ContentHeader header;
    auto& properties = header.properties;
    properties.content_type = text();
    properties.content_encoding = text();
    if (present()) header.headers = reader.Table(0);
    if (present()) properties.delivery_mode = reader.Number<std::uint8_t>();
    if (present()) properties.priority = reader.Number<std::uint8_t>();
    properties.correlation_id = text();
    properties.reply_to = text();
    properties.expiration = text();
    properties.message_id = text();
    if (present()) properties.timestamp = reader.Number<std::uint64_t>();
    properties.type = text();
    properties.user_id = text();
    properties.app_id = text();
    properties.cluster_id = text();
    return header;
  } catch (const Malformed& malformed) {
    return Fail(std::string("properties that cannot be decoded: ") + malformed.what);
  }
}

}  // namespace deadletter::rabbitmq
