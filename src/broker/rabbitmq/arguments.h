// Field tables for declarations: text and 64-bit numbers, nothing nested.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "broker/rabbitmq/connection.h"

namespace deadletter::rabbitmq {

// Names and texts must outlive it.
class Arguments {
 public:
  void Add(const char* name, std::string_view text) {
    amqp_table_entry_t entry{};
    entry.key = amqp_cstring_bytes(name);
    entry.value.kind = AMQP_FIELD_KIND_UTF8;
    entry.value.value.bytes = Bytes(text);
    entries_.push_back(entry);
  }
  void Add(const char* name, std::int64_t number) {
    amqp_table_entry_t entry{};
    entry.key = amqp_cstring_bytes(name);
    entry.value.kind = AMQP_FIELD_KIND_I64;
    entry.value.value.i64 = number;
    entries_.push_back(entry);
  }
  [[nodiscard]] amqp_table_t table() {
    return {static_cast<int>(entries_.size()), entries_.data()};
  }

 private:
  std::vector<amqp_table_entry_t> entries_;
};

}  // namespace deadletter::rabbitmq
