// What the doctor looks at on this machine: the files that the configuration names, and the
// address.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/diagnosis.h"
#include "config/config.h"

namespace deadletter {

struct NamedFile {
  std::string key;  // "broker.key_file"
  std::string path;
  bool readable = false;
  bool holds_secret = false;      // a private key, a password
  bool open_to_others = false;    // everybody on this machine may read it
  bool others_may_write = false;  // its group or everybody may
};

enum class Occupant {
  kNobody,
  kOurs,
  kUnclear,  // somebody who speaks TLS under another name than the address: a server of ours,
             // perhaps
  kSomebody,
};

struct LocalFacts {
  std::vector<NamedFile> files;
  std::optional<std::string> tokens_error;  // no server would start with it
  std::vector<std::string> tokens_problems;
  std::size_t tokens = 0;
  std::optional<std::string> tls_error;
  std::optional<Instant> certificate_good_until;
  std::optional<std::string> address_error;  // it cannot be listened on
  Occupant occupant = Occupant::kNobody;
  Instant now;
};

[[nodiscard]] LocalFacts LookAtMachine(const Config& config, const Clock& clock);

// Pure.
[[nodiscard]] std::vector<Diagnosis> JudgeConfiguration(const Config& config,
                                                        const LocalFacts& facts);

}  // namespace deadletter
