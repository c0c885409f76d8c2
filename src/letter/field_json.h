// Field tables and properties as JSON text, losslessly: FieldTableFromJson(FieldTableToJson(t)) ==
// t for every t, NaNs bit for bit. The form, for those who read the ledger:
//
//   void null · boolean true/false · int64 ('l') 42 · UTF-8 string "…" · array […] · table {…}
//   every other type is an object of one key that begins with '!':
//   {"!int8":1} {"!uint8":1} {"!int16":1} {"!uint16":1} {"!int32":1} {"!uint32":1} {"!uint64":1}
//   {"!float":"<8 hex digits of its bits>"} {"!double":"<16 hex digits of its bits>"}
//   {"!decimal":{"scale":2,"value":314}} {"!timestamp":1700000000}
//   {"!string":"<base64>"} (a string that is not UTF-8) {"!bytes":"<base64>"}
//   {"!encoded":"<base64>"}
//   {"!table":[["name",value],…]} (a table with a name twice, a name that is not UTF-8 (there ["!",
//   "<base64>", value]), or just one name that begins with '!')
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "letter/field.h"
#include "letter/message.h"

namespace deadletter {

// ASCII only: what is beyond is escaped, NUL as \u0000.
[[nodiscard]] std::string FieldTableToJson(const FieldTable& table);
// Reads what FieldTableToJson wrote; anything else is an error that says where.
[[nodiscard]] Result<FieldTable> FieldTableFromJson(std::string_view json);

// {"content_type":"application/json","delivery_mode":2,…}: only the properties that were there; a
// value that is not UTF-8 in the manner of field tables.
[[nodiscard]] std::string PropertiesToJson(const Properties& properties);
[[nodiscard]] Result<Properties> PropertiesFromJson(std::string_view json);

}  // namespace deadletter
