#include "broker/rabbitmq/wire.h"

#include <amqp.h>
#include <gtest/gtest.h>

#include <bit>
#include <limits>

#include "broker/rabbitmq/connection.h"
#include "broker/rabbitmq/io_thread.h"

namespace deadletter::rabbitmq {
namespace {

FieldTable EveryType() {
  const FieldTable inner{{{"x", {std::int64_t{1}}}, {"x", {std::int64_t{2}}}, {"", {FieldVoid{}}}}};
  return {{
      {"void", {FieldVoid{}}},
      {"bool", {true}},
      {"int8", {std::numeric_limits<std::int8_t>::min()}},
      {"uint8", {std::numeric_limits<std::uint8_t>::max()}},
      {"int16", {std::numeric_limits<std::int16_t>::min()}},
      {"uint16", {std::numeric_limits<std::uint16_t>::max()}},
      {"int32", {std::numeric_limits<std::int32_t>::min()}},
      {"uint32", {std::numeric_limits<std::uint32_t>::max()}},
      {"int64", {std::numeric_limits<std::int64_t>::min()}},
      {"uint64", {std::numeric_limits<std::uint64_t>::max()}},
      {"float", {-1.5F}},
      {"double", {0.1}},
      {"decimal", {FieldDecimal{255, 4'000'000'000}}},
      {"timestamp", {FieldTimestamp{std::numeric_limits<std::uint64_t>::max()}}},
      {"string", {std::string("\0\xff", 2)}},
      {"bytes", {FieldBytes{std::string("\0\xff", 2)}}},
      {"array", {FieldArray{{true}, {FieldArray{}}, {inner}}}},
      {"table", {inner}},
      {std::string(255, 'n'), {FieldTable{}}},
  }};
}

// `depth` arrays within one another, under one name.
std::string NestedArrays(std::size_t depth) {
  std::string bytes;
  const auto number = [&](std::size_t value) {
    for (int shift = 24; shift >= 0; shift -= 8)
      bytes.push_back(static_cast<char>(value >> shift & 0xff));
  };
  number(2 + 5 * depth);
  bytes += "\1n";
  for (std::size_t left = depth; left > 0; --left) {
    bytes.push_back('A');
    number(5 * (left - 1));
  }
  return bytes;
}

TEST(Wire, EveryTypeComesBackAsItWas) {
  const auto bytes = EncodeTable(EveryType()).value();
  EXPECT_EQ(DecodeTable(bytes).value(), EveryType());
}

TEST(Wire, NotANumberKeepsItsBits) {
  const auto nan = std::bit_cast<double>(std::uint64_t{0x7ff8'0000'dead'beef});
  const auto back = DecodeTable(EncodeTable({{{"nan", {nan}}}}).value()).value();
  EXPECT_EQ(std::bit_cast<std::uint64_t>(std::get<double>(back.entries[0].value.value)),
            0x7ff8'0000'dead'beefU);
}

TEST(Wire, TheClientLibraryReadsAndWritesTheSameBytes) {
  const auto bytes = EncodeTable(EveryType()).value();
  amqp_pool_t pool;
  init_amqp_pool(&pool, 4096);
  amqp_table_t table;
  std::size_t offset = 0;
  std::string input = bytes;
  ASSERT_EQ(amqp_decode_table({input.size(), input.data()}, &pool, &table, &offset),
            AMQP_STATUS_OK);
  std::string output(bytes.size(), '\0');
  offset = 0;
  ASSERT_EQ(amqp_encode_table({output.size(), output.data()}, &table, &offset), AMQP_STATUS_OK);
  EXPECT_EQ(output, bytes);
  empty_amqp_pool(&pool);
}

TEST(Wire, EveryCutIsAnErrorAndNoCrash) {
  const auto bytes = EncodeTable(EveryType()).value();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DecodeTable(std::string_view(bytes).substr(0, size)).has_value()) << size;
  }
  EXPECT_FALSE(DecodeTable(bytes + "x").has_value());
  EXPECT_FALSE(DecodeTable(std::string("\0\0\0\3\1n?", 7)).has_value());
}

TEST(Wire, WhatIsNestedTooDeepIsKeptEncoded) {
  for (const std::size_t depth : {64U, 65U, 66U, 20'000U, 200'000U}) {
    const auto bytes = NestedArrays(depth);
    const auto table = DecodeTable(bytes).value();
    EXPECT_EQ(EncodeTable(table).value(), bytes);
    const FieldValue* value = &table.entries[0].value;
    int levels = 0;
    while (const auto* array = std::get_if<FieldArray>(&value->value)) {
      ++levels;
      if (array->empty()) break;
      value = &array->front();
    }
    EXPECT_EQ(levels, kMaxFieldDepth);
    EXPECT_EQ(std::holds_alternative<FieldEncoded>(value->value), depth > 64) << depth;
  }
}

// Each of them takes a byte there and some fifty here.
TEST(Wire, P9_MoreValuesThanAreReadAreRefusedWhereverTheyStand) {
  const auto array = [](std::size_t size) {
    return FieldTable{{{"a", {FieldArray(size / 2, FieldValue{FieldVoid{}})}},
                       {"b", {FieldArray(size / 2, FieldValue{FieldVoid{}})}}}};
  };
  const auto most = array(kMaxFieldValues - 2);
  EXPECT_EQ(DecodeTable(EncodeTable(most).value()).value(), most);
  EXPECT_FALSE(DecodeTable(EncodeTable(array(kMaxFieldValues)).value()).has_value());
}

TEST(Wire, NamesLongerThanAmqpAllowsAreRefused) {
  EXPECT_FALSE(EncodeTable({{{std::string(256, 'n'), {true}}}}).has_value());
}

TEST(Wire, P5_TheClientLibrarySurvivesTheDeepestHeadersThatAFrameHolds) {
  IoThread thread(kReceivingStackBytes);
  const auto status = thread.Run([] {
    auto bytes = NestedArrays((kFrameBytesRead - 100) / 5);
    amqp_pool_t pool;
    init_amqp_pool(&pool, 4096);
    amqp_table_t table;
    std::size_t offset = 0;
    const int decoded = amqp_decode_table({bytes.size(), bytes.data()}, &pool, &table, &offset);
    std::string output(bytes.size(), '\0');
    offset = 0;
    const int encoded = amqp_encode_table({output.size(), output.data()}, &table, &offset);
    empty_amqp_pool(&pool);
    return decoded == AMQP_STATUS_OK && encoded == AMQP_STATUS_OK && output == bytes;
  });
  EXPECT_TRUE(status);
}

TEST(Wire, ContentHeadersOfAnyBytesAreReadOrRefused) {
  // Every flag set, every string empty, an empty table.
  std::string bytes("\xff\xfc", 2);
  bytes += std::string("\0\0\0\0\0\0\2\5\0\0\0\0\0\0\0\0\0\0\0\7\0\0\0\0", 24);
  const auto header = DecodeContentHeader(bytes).value();
  EXPECT_EQ(header.properties.content_type, "");
  EXPECT_EQ(header.properties.delivery_mode, 2);
  EXPECT_EQ(header.properties.priority, 5);
  EXPECT_EQ(header.properties.timestamp, 7U);
  EXPECT_EQ(header.properties.cluster_id, "");
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DecodeContentHeader(std::string_view(bytes).substr(0, size)).has_value()) << size;
  }
  EXPECT_FALSE(DecodeContentHeader(std::string("\0\1", 2)).has_value());
  EXPECT_EQ(DecodeContentHeader(std::string("\0\0", 2))->properties, Properties{});
}

TEST(IoThread, InterruptsWhatTakesTooLong) {
  IoThread thread;
  std::mutex mutex;
  std::condition_variable condition;
  bool interrupted = false;
  const auto interrupt = [&] {
    const std::lock_guard lock(mutex);
    interrupted = true;
    condition.notify_all();
  };
  EXPECT_EQ(thread.RunWithin(std::chrono::milliseconds(1), interrupt,
                             [&] {
                               std::unique_lock lock(mutex);
                               condition.wait(lock, [&] { return interrupted; });
                               return 7;
                             }),
            7);
}

TEST(IoThread, BringsBackWhatWasThrown) {
  IoThread thread;
  EXPECT_THROW(thread.Run([]() -> int { throw std::runtime_error("there"); }), std::runtime_error);
  EXPECT_EQ(thread.Run([] { return 1; }), 1);
}

}  // namespace
}  // namespace deadletter::rabbitmq
