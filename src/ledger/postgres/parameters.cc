#include "ledger/postgres/parameters.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <utility>

namespace deadletter::postgres {
namespace {

constexpr Microseconds kEpoch = std::chrono::seconds(946'684'800);  // 2000-01-01, PostgreSQL's zero
// What timestamptz can hold: 4714 BC to 294276. A hostile time outside is kept as the nearest that
// can be.
constexpr std::int64_t kFirstMoment = -211'813'488'000'000'000;
constexpr std::int64_t kLastMoment = 9'223'371'331'199'999'999;

constexpr std::size_t kHeaderBytes = 20;  // of an array with elements
constexpr std::size_t kReservedBytes = std::size_t{1} << 20;
constexpr std::size_t kEmptyHeaderBytes = 12;  // of one without

template <class T>
std::array<char, sizeof(T)> BigEndian(T value) {
  std::array<char, sizeof(T)> bytes;
  for (std::size_t index = 0; index < sizeof(T); ++index) {
    bytes[index] =
        static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * (sizeof(T) - 1 - index)));
  }
  return bytes;
}

template <class T>
void AppendBigEndian(std::string& to, T value) {
  const auto bytes = BigEndian(value);
  to.append(bytes.data(), bytes.size());
}

std::int64_t ReadBigEndian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<std::uint8_t>(byte);
  return static_cast<std::int64_t>(value);
}

std::int64_t ToPostgres(Instant instant) {
  const std::int64_t since_1970 = instant.time_since_epoch().count();
  // The subtraction cannot overflow once the value is above the lowest moment.
  if (since_1970 < kFirstMoment + kEpoch.count()) return kFirstMoment;
  return std::min(since_1970 - kEpoch.count(), kLastMoment);
}

Instant FromPostgres(std::int64_t since_2000) {
  // The infinities are the ends of the number's range; so are moments that do not fit our epoch.
  if (since_2000 > INT64_MAX - kEpoch.count()) return Instant::max();
  if (since_2000 == INT64_MIN) return Instant::min();
  return Instant(Microseconds(since_2000) + kEpoch);
}

std::string_view View(const Uuid& uuid) {
  return {reinterpret_cast<const char*>(uuid.bytes.data()), uuid.bytes.size()};
}

}  // namespace

BinaryArray::BinaryArray(ElementType type, std::size_t elements)
    : type_(type), expected_(elements), encoded_(kHeaderBytes, '\0') {}

void BinaryArray::AddLength(std::int32_t length) {
  if (count_ == 0 && expected_ > 1) {
    const std::size_t first = sizeof length + static_cast<std::size_t>(std::max(length, 0));
    // The first may be a giant among dwarfs (P9).
    encoded_.reserve(std::min(kHeaderBytes + expected_ * (first + first / 16), kReservedBytes));
  }
  AppendBigEndian(encoded_, length);
  ++count_;
}

void BinaryArray::AddNull() {
  AddLength(-1);
  has_null_ = true;
}

void BinaryArray::AddBool(bool value) {
  AddLength(1);
  encoded_ += static_cast<char>(value);
}

void BinaryArray::AddNumber(std::int64_t value) {
  AddLength(8);
  AppendBigEndian(encoded_, value);
}

void BinaryArray::AddBytes(std::string_view value) {
  AddLength(static_cast<std::int32_t>(value.size()));
  encoded_ += value;
}

void BinaryArray::AddBytes(std::initializer_list<std::string_view> parts) {
  std::size_t size = 0;
  for (const std::string_view part : parts) size += part.size();
  AddLength(static_cast<std::int32_t>(size));
  for (const std::string_view part : parts) encoded_ += part;
}

void BinaryArray::AddUuid(const Uuid& value) {
  AddBytes(View(value));
}

void BinaryArray::AddInstant(Instant value) {
  AddNumber(ToPostgres(value));
}

void BinaryArray::AddBytes(const std::optional<std::string>& value) {
  value ? AddBytes(std::string_view(*value)) : AddNull();
}

void BinaryArray::AddInstant(const std::optional<Instant>& value) {
  value ? AddInstant(*value) : AddNull();
}

std::string BinaryArray::Encoded() && {
  const bool empty = count_ == 0;
  std::string header;
  AppendBigEndian<std::int32_t>(header, empty ? 0 : 1);  // dimensions
  AppendBigEndian<std::int32_t>(header, has_null_ ? 1 : 0);
  AppendBigEndian(header, static_cast<std::uint32_t>(type_));
  if (empty) {
    encoded_.resize(kEmptyHeaderBytes);
  } else {
    AppendBigEndian(header, count_);
    AppendBigEndian<std::int32_t>(header, 1);  // the first index
  }
  encoded_.replace(0, header.size(), header);
  return std::move(encoded_);
}

std::string TextArray(std::span<const std::string> values) {
  BinaryArray array(ElementType::kText, values.size());
  for (const std::string& value : values) array.AddBytes(std::string_view(value));
  return std::move(array).Encoded();
}

Parameters& Parameters::Null() {
  values_.emplace_back(std::nullopt);
  return *this;
}

Parameters& Parameters::Number(std::int64_t value) {
  std::string bytes;
  AppendBigEndian(bytes, value);
  return Bytes(std::move(bytes));
}

Parameters& Parameters::Bytes(std::string value) {
  values_.emplace_back(std::move(value));
  return *this;
}

Parameters& Parameters::Moment(Instant value) {
  return Number(ToPostgres(value));
}

Parameters& Parameters::Append(Parameters others) {
  std::ranges::move(others.values_, std::back_inserter(values_));
  return *this;
}

Parameters& Parameters::Flag(bool value) {
  return Bytes(std::string(1, static_cast<char>(value)));
}

Parameters& Parameters::Id(const Uuid& value) {
  return Bytes(std::string(View(value)));
}

Parameters& Parameters::Array(BinaryArray value) {
  return Bytes(std::move(value).Encoded());
}

Parameters& Parameters::Texts(std::span<const std::string> values) {
  return Bytes(TextArray(values));
}

Parameters& Parameters::Bytes(const std::optional<std::string>& value) {
  values_.push_back(value);
  return *this;
}

bool Rows::IsNull(int row, int column) const {
  return PQgetisnull(result_.get(), row, column) != 0;
}

std::string_view Rows::Bytes(int row, int column) const {
  return {PQgetvalue(result_.get(), row, column),
          static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}

std::int64_t Rows::Number(int row, int column) const {
  return ReadBigEndian(Bytes(row, column));
}

bool Rows::Bool(int row, int column) const {
  return Number(row, column) != 0;
}

Uuid Rows::Id(int row, int column) const {
  Uuid uuid;
  const auto bytes = Bytes(row, column);
  std::memcpy(uuid.bytes.data(), bytes.data(), std::min(bytes.size(), uuid.bytes.size()));
  return uuid;
}

Instant Rows::Moment(int row, int column) const {
  return FromPostgres(Number(row, column));
}

std::optional<std::string> Rows::OptionalBytes(int row, int column) const {
  if (IsNull(row, column)) return std::nullopt;
  return std::string(Bytes(row, column));
}

std::optional<Instant> Rows::OptionalMoment(int row, int column) const {
  if (IsNull(row, column)) return std::nullopt;
  return Moment(row, column);
}

}  // namespace deadletter::postgres
