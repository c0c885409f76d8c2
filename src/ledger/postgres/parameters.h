// Parameters and results in PostgreSQL's binary format: a sixtieth of the cost of text for a row of
// bytes.
#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/uuid.h"

namespace deadletter::postgres {

// The OIDs are PostgreSQL's, fixed for ever (pg_type.dat).
enum class ElementType : std::uint32_t {
  kBool = 16,
  kBytea = 17,
  kInt8 = 20,
  kText = 25,
  kTimestamptz = 1184,
  kUuid = 2950,
};

// A one-dimensional array, built element by element; each Add…() must suit the type it was made
// with.
class BinaryArray {
 public:
  // `elements`, where known: room is made for so many of the size of the first.
  explicit BinaryArray(ElementType type, std::size_t elements = 0);

  void AddNull();
  void AddBool(bool value);
  void AddNumber(std::int64_t value);
  void AddBytes(std::string_view value);                         // bytea and text
  void AddBytes(std::initializer_list<std::string_view> parts);  // one value, of all of them
  void AddUuid(const Uuid& value);
  void AddInstant(Instant value);

  void AddBytes(const std::optional<std::string>& value);
  void AddInstant(const std::optional<Instant>& value);

  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] std::string Encoded() &&;

 private:
  void AddLength(std::int32_t length);

  ElementType type_;
  std::size_t expected_;
  std::string encoded_;  // with room for the header in front
  std::int32_t count_ = 0;
  bool has_null_ = false;
};

[[nodiscard]] std::string TextArray(std::span<const std::string> values);

// $1, $2, … of one statement, in order.
class Parameters {
 public:
  Parameters& Null();
  Parameters& Number(std::int64_t value);  // bigint
  Parameters& Bytes(std::string value);    // bytea and text
  Parameters& Moment(Instant value);       // timestamptz
  Parameters& Flag(bool value);            // boolean
  Parameters& Id(const Uuid& value);
  Parameters& Array(BinaryArray value);
  Parameters& Texts(std::span<const std::string> values);
  Parameters& Bytes(const std::optional<std::string>& value);
  Parameters& Append(Parameters others);

  [[nodiscard]] const std::vector<std::optional<std::string>>& values() const { return values_; }

 private:
  std::vector<std::optional<std::string>> values_;
};

// A statement's rows, in binary. Each reader must suit the column's type: bigint, boolean, uuid,
// timestamptz, and bytea or text for Bytes(). A null reads as zero or empty where the reader has no
// optional.
class Rows {
 public:
  Rows() = default;
  explicit Rows(PGresult* result) : result_(result) {}

  [[nodiscard]] int size() const { return PQntuples(result_.get()); }
  [[nodiscard]] bool IsNull(int row, int column) const;
  [[nodiscard]] std::string_view Bytes(int row, int column) const;  // valid while the rows are
  [[nodiscard]] std::int64_t Number(int row, int column) const;
  [[nodiscard]] bool Bool(int row, int column) const;
  [[nodiscard]] Uuid Id(int row, int column) const;
  [[nodiscard]] Instant Moment(int row, int column) const;
  [[nodiscard]] std::optional<std::string> OptionalBytes(int row, int column) const;
  [[nodiscard]] std::optional<Instant> OptionalMoment(int row, int column) const;

 private:
  struct Clear {
    void operator()(PGresult* result) const { PQclear(result); }
  };
  std::unique_ptr<PGresult, Clear> result_;
};

}  // namespace deadletter::postgres
