// Reads `x-death` in tests as strictly as RabbitMQ writes it.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "letter/delivery.h"

namespace deadletter::test {

// One entry of `x-death`, every field of the very type that RabbitMQ gives it.
struct StrictDeath {
  std::string reason;
  std::string queue;
  std::string exchange;
  std::vector<std::string> routing_keys;
  std::int64_t count = 0;
  std::uint64_t time_seconds = 0;
  std::string original_expiration;  // empty: the field is not there
};

template <class T>
T FieldOf(const FieldTable& table, const std::string& name) {
  const auto* found = table.Find(name);
  if (found == nullptr) {
    ADD_FAILURE() << "no field " << name;
    return {};
  }
  const auto* value = std::get_if<T>(&found->value);
  if (value == nullptr) {
    ADD_FAILURE() << "field " << name << " is of type number " << found->value.index();
    return {};
  }
  return *value;
}

inline StrictDeath ReadStrictDeath(const FieldTable& table) {
  StrictDeath death;
  death.reason = FieldOf<std::string>(table, "reason");
  death.queue = FieldOf<std::string>(table, "queue");
  death.exchange = FieldOf<std::string>(table, "exchange");
  for (const auto& key : FieldOf<FieldArray>(table, "routing-keys")) {
    death.routing_keys.push_back(std::get<std::string>(key.value));
  }
  death.count = FieldOf<std::int64_t>(table, "count");
  death.time_seconds = FieldOf<FieldTimestamp>(table, "time").seconds;
  if (table.Find("original-expiration") != nullptr) {
    death.original_expiration = FieldOf<std::string>(table, "original-expiration");
  }
  return death;
}

inline std::vector<StrictDeath> StrictDeaths(const Delivery& letter) {
  std::vector<StrictDeath> deaths;
  for (const auto& entry : FieldOf<FieldArray>(letter.message.headers, "x-death")) {
    deaths.push_back(ReadStrictDeath(std::get<FieldTable>(entry.value)));
  }
  return deaths;
}

inline std::string HeaderText(const Delivery& letter, const std::string& name) {
  return FieldOf<std::string>(letter.message.headers, name);
}

}  // namespace deadletter::test
