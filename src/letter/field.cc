#include "letter/field.h"

#include <algorithm>

namespace deadletter {

const FieldValue* FieldTable::Find(std::string_view name) const {
  const auto found =
      std::find_if(entries.rbegin(), entries.rend(), [&](const FieldEntry& entry) { return entry.name == name; });
  return found == entries.rend() ? nullptr : &found->value;
}

}  // namespace deadletter
