// A value as a source gave it: not yet known to be what its key wants.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace deadletter {

struct RawValue;
struct RawEntry;

// From the environment, a secret file or a flag: its type is whatever the key wants.
struct RawText {
  std::string text;
};
struct RawDate {};  // TOML has dates and times; no key wants one
using RawArray = std::vector<RawValue>;
using RawTable = std::vector<RawEntry>;  // in the order of the file

struct RawValue {
  std::variant<RawText, std::string, std::int64_t, double, bool, RawDate, RawArray, RawTable>
      content;
  std::string origin;             // "deadletter.toml:3", "DEADLETTER_BROKER_URL", "--listen"
  bool from_secret_file = false;  // never shown
};

struct RawEntry {
  std::string name;
  RawValue value;
};

}  // namespace deadletter
