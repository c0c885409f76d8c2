// Field tables: AMQP's bytes in, values, bytes and JSON out, and nothing gets lost on any way. What
// we accept the client library accepts, and reads the same in it.
#include <amqp.h>

#include <algorithm>
#include <memory>

#include "broker/rabbitmq/wire.h"
#include "letter/field_json.h"
#include "tests/fuzz/byte_source.h"
#include "tests/fuzz/target.h"

namespace deadletter::fuzz {
namespace {

using rabbitmq::DecodeContentHeader;
using rabbitmq::DecodeTable;
using rabbitmq::EncodeTable;

// NaNs do not equal themselves, so tables are compared by their bytes.
std::string Encoded(const FieldTable& table) {
  auto bytes = EncodeTable(table);
  Require(bytes.has_value(), "what was decoded can be encoded");
  return *std::move(bytes);
}

void CheckJson(const FieldTable& table) {
  const std::string json = FieldTableToJson(table);
  Require(std::ranges::all_of(json, [](char c) { return c >= 0x20 && c < 0x7F; }),
          "JSON of fields is printable ASCII");
  const auto back = FieldTableFromJson(json);
  Require(back.has_value(), "the JSON that we write can be read");
  Require(Encoded(*back) == Encoded(table), "fields come back from JSON as they were, bit for bit");
}

struct PoolEnd {
  void operator()(amqp_pool_t* pool) const {
    empty_amqp_pool(pool);
    delete pool;
  }
};

// `bytes` are as we write them: the client library may be freer in what it reads.
void CheckAgainstTheClientLibrary(const std::string& bytes) {
  auto* const made = new amqp_pool_t;
  init_amqp_pool(made, 4096);
  const std::unique_ptr<amqp_pool_t, PoolEnd> pool(made);
  std::string input = bytes;
  amqp_table_t table;
  std::size_t offset = 0;
  const int status = amqp_decode_table({input.size(), input.data()}, pool.get(), &table, &offset);
  Require(status == AMQP_STATUS_OK && offset == bytes.size(),
          "the client library reads all of what we write");
  std::string output(bytes.size(), '\0');
  offset = 0;
  Require(amqp_encode_table({output.size(), output.data()}, &table, &offset) == AMQP_STATUS_OK &&
              output == bytes,
          "the client library writes the same bytes");
}

bool HoldsEncoded(const FieldTable& table);

bool HoldsEncoded(const FieldValue& value) {
  if (std::holds_alternative<FieldEncoded>(value.value)) return true;
  if (const auto* array = std::get_if<FieldArray>(&value.value))
    return std::ranges::any_of(*array, [](const FieldValue& one) { return HoldsEncoded(one); });
  const auto* const table = std::get_if<FieldTable>(&value.value);
  return table != nullptr && HoldsEncoded(*table);
}

bool HoldsEncoded(const FieldTable& table) {
  return std::ranges::any_of(table.entries,
                             [](const FieldEntry& entry) { return HoldsEncoded(entry.value); });
}

void CheckTable(const FieldTable& table) {
  const std::string bytes = Encoded(table);
  const auto again = DecodeTable(bytes);
  Require(again.has_value(), "what we write can be read");
  Require(Encoded(*again) == bytes, "encoding is a fixed point");
  Require(FieldTableToJson(*again) == FieldTableToJson(table), "the wire keeps every type");
  CheckJson(table);
  if (!HoldsEncoded(table)) CheckAgainstTheClientLibrary(bytes);
}

void FromTheWire(std::string_view bytes) {
  const auto table = DecodeTable(bytes);
  if (table) {
    CheckTable(*table);
  } else {
    Require(IsOneLine(table.error().message), "an error is one line");
  }
}

void FromAHeaderFrame(std::string_view bytes) {
  const auto header = DecodeContentHeader(bytes);
  if (!header) return Require(IsOneLine(header.error().message), "an error is one line");
  CheckTable(header->headers);
  const auto back = PropertiesFromJson(PropertiesToJson(header->properties));
  Require(back && *back == header->properties, "properties come back from JSON as they were");
}

void FromJson(std::string_view json) {
  const auto table = FieldTableFromJson(json);
  if (!table) return Require(IsOneLine(table.error().message), "an error is one line");
  const std::string written = FieldTableToJson(*table);
  const auto back = FieldTableFromJson(written);
  Require(back && FieldTableToJson(*back) == written, "what was read is written and read again");
  const auto properties = PropertiesFromJson(json);
  if (!properties) return;
  const auto again = PropertiesFromJson(PropertiesToJson(*properties));
  Require(again && *again == *properties, "properties that were read are written and read again");
}

// Of values rather than of bytes: every one of them has an encoding.
void FromValues(std::string_view bytes) {
  ByteSource source(bytes);
  constexpr std::string_view kWords[] = {"a", "!", "!table", "!int8", "", "\xC3\xA9"};
  CheckTable(source.Table(kWords, 6));
}

void Fields(std::string_view input) {
  if (input.empty()) return;
  const std::string_view rest = input.substr(1);
  switch (input.front() % 4) {
    case 0:
      return FromTheWire(rest);
    case 1:
      return FromAHeaderFrame(rest);
    case 2:
      return FromJson(rest);
    default:
      return FromValues(rest);
  }
}

const Registration kRegistration("fields", Fields);

}  // namespace
}  // namespace deadletter::fuzz
