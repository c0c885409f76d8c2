#include "tests/support/odd_bodies.h"

#include <string_view>

namespace deadletter::test {
namespace {

using namespace std::string_literals;

constexpr std::size_t kMebibyte = std::size_t{1} << 20;

std::string Repeated(std::string_view text, std::size_t times) {
  std::string repeated;
  repeated.reserve(text.size() * times);
  for (std::size_t time = 0; time < times; ++time) repeated += text;
  return repeated;
}

std::string Nested(std::size_t levels) {
  return std::string(levels, '[') + std::string(levels, ']');
}

// A request in order, but for `extra`, further members of the payload: ,"name":value
std::string RequestWith(const std::string& id, const std::string& extra = "") {
  return R"({"message_type":"ExecutionRequested","payload":{"execution_id":)" + id + extra + "}}";
}

std::string RequestWithConfig(const std::string& value) {
  return RequestWith("5", R"(,"config":)" + value);
}

class Table {
 public:
  explicit Table(std::int64_t first_execution_id) : next_id_(first_execution_id) {}

  void Malformed(std::string detail, std::string name, std::string body) {
    bodies_.push_back(
        {std::move(name), std::move(body), "malformed", std::move(detail), std::nullopt});
  }

  void Other(std::string outcome, std::string name, std::string body) {
    bodies_.push_back({std::move(name), std::move(body), std::move(outcome), "", std::nullopt});
  }

  // The body is `before`, an id of its own, `after`.
  void Good(std::string name, const std::string& before, const std::string& after) {
    bodies_.push_back(
        {std::move(name), before + std::to_string(next_id_) + after, "failed", "", next_id_});
    ++next_id_;
  }

  // A request with an id of its own and something odd in a place that nobody reads.
  void GoodWithConfig(std::string name, const std::string& value) {
    Good(std::move(name), R"({"message_type":"ExecutionRequested","payload":{"execution_id":)",
         R"(,"config":)" + value + "}}");
  }

  // A request with an id of its own and a further member of the payload.
  void GoodWith(std::string name, const std::string& member) {
    Good(std::move(name),
         R"({"message_type":"ExecutionRequested","payload":{)" + member + R"(,"execution_id":)",
         "}}");
  }

  [[nodiscard]] std::vector<OddBody> Take() { return std::move(bodies_); }

 private:
  std::int64_t next_id_;
  std::vector<OddBody> bodies_;
};

void AddWhatIsNotJson(Table& table) {
  const auto add = [&](std::string name, std::string body) {
    table.Malformed("not_json", std::move(name), std::move(body));
  };
  add("empty", "");
  add("only_spaces", " \t\r\n ");
  add("one_nul_byte", "\0"s);
  add("plain_words", "run core.echo please");
  add("gzip", "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xabVJ\xad(H\xcc+.\x06"s);
  add("pickle", "\x80\x04\x95\x1a\x00\x00\x00\x00\x00\x00\x00}\x94\x8c\x02id\x94K\x05s."s);
  add("utf_16",
      "{\0\"\0a\0\"\0:\0"
      "1\0}\0"s);
  add("byte_order_mark", "\xEF\xBB\xBF" + RequestWith("5"));
  add("nul_behind_it", RequestWith("5") + "\0"s);
  add("rubbish_behind_it", RequestWith("5") + " x");
  add("two_values", RequestWith("5") + RequestWith("5"));
  add("cut_in_half", RequestWith("5").substr(0, 40));
  add("last_bracket_missing", RequestWith("5").substr(0, RequestWith("5").size() - 1));
  add("string_never_ends", R"({"message_type":"ExecutionRequested)");
  add("fifteen_mebibytes_of_open_brackets", std::string(15 * kMebibyte, '['));
  add("a_million_open_objects", Repeated(R"({"a":)", 1'000'000));
  add("brackets_cross", RequestWithConfig("[{]}"));
  add("trailing_comma_in_object", RequestWithConfig(R"({"a":1,})"));
  add("trailing_comma_in_array", RequestWithConfig("[1,]"));
  add("comma_first", RequestWithConfig("[,1]"));
  add("colon_missing", RequestWithConfig(R"({"a" 1})"));
  add("value_missing", RequestWithConfig(R"({"a":})"));
  add("key_without_quotes", RequestWithConfig("{a:1}"));
  add("key_is_a_number", RequestWithConfig("{1:1}"));
  add("single_quotes", RequestWithConfig("'a'"));
  add("comment", RequestWithConfig("1/* one */"));
  add("nan", RequestWithConfig("NaN"));
  add("infinity", RequestWithConfig("-Infinity"));
  add("capital_true", RequestWithConfig("True"));
  add("half_a_null", RequestWithConfig("nul"));
  add("leading_zero", RequestWithConfig("05"));
  add("leading_plus", RequestWithConfig("+5"));
  add("only_a_minus", RequestWithConfig("-"));
  add("fraction_without_digits", RequestWithConfig("5."));
  add("fraction_without_a_number", RequestWithConfig(".5"));
  add("exponent_without_digits", RequestWithConfig("5e+"));
  add("hexadecimal", RequestWithConfig("0x1F"));
  add("nul_byte_in_a_string", RequestWithConfig("\"a\0b\""s));
  add("line_break_in_a_string", RequestWithConfig("\"a\nb\""));
  add("unknown_escape", RequestWithConfig(R"("\x41")"));
  add("escape_without_digits", RequestWithConfig(R"("\u12G4")"));
  add("escape_at_the_end", R"({"message_type":"\)");
  add("latin_1", RequestWithConfig("\"caf\xE9\""));
  add("continuation_alone", RequestWithConfig("\"\x80\""));
  add("overlong_slash", RequestWithConfig("\"\xC0\xAF\""));
  add("overlong_three_bytes", RequestWithConfig("\"\xE0\x80\xAF\""));
  add("surrogate_in_utf_8", RequestWithConfig("\"\xED\xA0\x80\""));
  add("beyond_unicode", RequestWithConfig("\"\xF4\x90\x80\x80\""));
  add("character_cut_off", RequestWithConfig("\"\xE2\x82\""));
  add("bad_utf_8_in_a_key", RequestWithConfig("{\"\xFF\":1}"));
}

void AddWhatIsTooLarge(Table& table) {
  table.Malformed("body_too_large", "twenty_mebibytes",
                  RequestWithConfig('"' + std::string(20 * kMebibyte, 'a') + '"'));
  table.Malformed("body_too_large", "twenty_mebibytes_of_open_brackets",
                  std::string(20 * kMebibyte, '['));
}

void AddWhatIsNoObject(Table& table) {
  const auto add = [&](std::string name, std::string body) {
    table.Malformed("not_object", std::move(name), std::move(body));
  };
  add("array", "[" + RequestWith("5") + "]");
  add("empty_array", "[]");
  add("string", R"("ExecutionRequested")");
  add("number", "5");
  add("null", "null");
  add("false", " false ");
  add("a_million_brackets", Nested(1'000'000));
}

void AddWhatHasNoType(Table& table) {
  const auto add = [&](std::string name, std::string body) {
    table.Malformed("no_message_type", std::move(name), std::move(body));
  };
  add("empty_object", "{}");
  add("type_absent", R"({"payload":{"execution_id":5}})");
  add("type_null", R"({"message_type":null,"payload":{"execution_id":5}})");
  add("type_empty", R"({"message_type":"","payload":{"execution_id":5}})");
  add("type_is_a_number", R"({"message_type":7,"payload":{"execution_id":5}})");
  add("type_is_an_object", R"({"message_type":{"name":"ExecutionRequested"}})");
  add("type_in_another_case",
      R"({"Message_Type":"ExecutionRequested","payload":{"execution_id":5}})");
  add("type_given_then_taken_back", R"({"message_type":"ExecutionRequested","message_type":null})");
  add("type_deeper_down", R"({"payload":{"message_type":"ExecutionRequested","execution_id":5}})");
}

void AddWhatIsOfAnotherType(Table& table) {
  const auto add = [&](std::string name, std::string body) {
    table.Other("unexpected_type", std::move(name), std::move(body));
  };
  add("another_type", R"({"message_type":"WorkerRegistered","payload":{"worker_id":7}})");
  add("type_with_a_space",
      R"({"message_type":"ExecutionRequested ","payload":{"execution_id":5}})");
  add("type_with_nul",
      R"({"message_type":"ExecutionRequested\u0000","payload":{"execution_id":5}})");
  add("type_in_lower_case",
      R"({"message_type":"executionrequested","payload":{"execution_id":5}})");
  add("type_with_half_a_pair", R"({"message_type":"\ud800","payload":{"execution_id":5}})");
  add("later_type_wins",
      R"({"message_type":"ExecutionRequested","payload":{"execution_id":5},"message_type":"Heartbeat"})");
  add("type_of_a_megabyte", R"({"message_type":")" + std::string(kMebibyte, 'T') + "\"}");
}

void AddWhatHasNoId(Table& table) {
  const auto add = [&](std::string name, const std::string& members) {
    table.Malformed("execution_id_missing", std::move(name),
                    R"({"message_type":"ExecutionRequested")" + members + "}");
  };
  add("payload_absent", "");
  add("payload_null", R"(,"payload":null)");
  add("payload_is_a_string", R"(,"payload":"{\"execution_id\":5}")");
  add("payload_is_an_array", R"(,"payload":[{"execution_id":5}])");
  add("payload_empty", R"(,"payload":{})");
  add("id_null", R"(,"payload":{"execution_id":null})");
  add("id_in_another_case", R"(,"payload":{"executionId":5})");
  add("id_not_in_the_payload", R"(,"execution_id":5)");
  add("id_one_level_too_deep", R"(,"payload":{"payload":{"execution_id":5}})");
  add("id_lost_with_an_earlier_payload",
      R"(,"payload":{"execution_id":5},"payload":{"action_ref":"core.echo"})");
  add("id_lost_to_a_later_string", R"(,"payload":{"execution_id":5},"payload":"nothing")");
  add("id_given_then_taken_back", R"(,"payload":{"execution_id":5,"execution_id":null})");
}

void AddWhatHasAnUnusableId(Table& table) {
  const auto add = [&](std::string name, const std::string& id) {
    table.Malformed("execution_id_not_integer", std::move(name), RequestWith(id));
  };
  add("id_is_a_string", R"("5")");
  add("id_is_an_empty_string", R"("")");
  add("id_is_a_uuid", R"("0d5be1f4-6f3c-4b2e-9f2e-4a1c2b3d4e5f")");
  add("id_with_a_fraction", "5.0");
  add("id_with_an_exponent", "5e0");
  add("id_beyond_doubles", "1e400");
  add("id_true", "true");
  add("id_false", "false");
  add("id_is_an_array", "[5]");
  add("id_is_an_object", R"({"id":5})");
  const auto add_range = [&](std::string name, const std::string& id) {
    table.Malformed("execution_id_out_of_range", std::move(name), RequestWith(id));
  };
  add_range("id_one_beyond_64_bits", "9223372036854775808");
  add_range("id_one_below_64_bits", "-9223372036854775809");
  add_range("id_of_forty_digits", std::string(40, '9'));
  add_range("id_of_a_million_digits", std::string(1'000'000, '1'));
}

void AddWhatHasAnUnreadableAttempt(Table& table) {
  const auto add = [&](std::string name, const std::string& attempt) {
    table.Malformed("attempt_not_rfc3339", std::move(name),
                    RequestWith("5", R"(,"scheduled_attempt_updated_at":)" + attempt));
  };
  add("attempt_in_words", R"("yesterday")");
  add("attempt_empty", R"("")");
  add("attempt_is_a_number", "1700000000");
  add("attempt_true", "true");
  add("attempt_is_an_object", R"({"secs":1700000000})");
  add("attempt_without_an_offset", R"("2026-11-23T12:00:00")");
  add("attempt_on_an_impossible_day", R"("2026-02-30T12:00:00Z")");
  add("attempt_with_nul", R"("2026-11-23T12:00:00Z\u0000")");
}

void AddIdsThatNobodyHas(Table& table) {
  table.Other("not_found", "id_negative", RequestWith("-5"));
  table.Other("not_found", "id_minus_nought", RequestWith("-0"));
  table.Other("not_found", "id_smallest", RequestWith("-9223372036854775808"));
  table.Other("not_found", "id_largest", RequestWith("9223372036854775807"));
}

// What nobody reads must not spoil what somebody does.
void AddWhatIsGoodAllTheSame(Table& table) {
  table.GoodWithConfig("unread_number_of_forty_digits", std::string(40, '7'));
  table.GoodWithConfig("unread_number_of_a_million_digits", std::string(1'000'000, '7'));
  table.GoodWithConfig("unread_number_beyond_doubles", "1e400");
  table.GoodWithConfig("unread_exponent_of_thirty_digits", "-0.5E-" + std::string(30, '9'));
  table.GoodWithConfig("unread_half_pair", R"("\ud800")");
  table.GoodWithConfig("unread_pair_the_wrong_way_round", R"("\udc00\ud800")");
  table.GoodWithConfig("unread_half_pair_in_a_key", R"({"\udfff":1})");
  table.GoodWithConfig("unread_nul_escape", R"({"\u0000":"\u0000"})");
  table.GoodWithConfig("unread_noncharacters", "\"\xEF\xBF\xBF \xF4\x8F\xBF\xBF \x7F\"");
  table.GoodWithConfig("unread_million_brackets", Nested(1'000'000));
  table.GoodWithConfig("unread_string_of_fifteen_mebibytes",
                       '"' + std::string(15 * kMebibyte, 'a') + '"');
  table.GoodWithConfig("unread_ten_thousand_keys",
                       "{" + Repeated(R"("k":1,)", 9'999) + R"("k":1})");
  table.GoodWithConfig("unread_empty_key", R"({"":{"":[]}})");
  table.GoodWith("earlier_ids_lose", R"("execution_id":1,"execution_id":"x","execution_id":true)");
  table.GoodWith("attempt_null", R"("scheduled_attempt_updated_at":null)");
  table.GoodWith("attempt_spoiled_then_taken_back",
                 R"("scheduled_attempt_updated_at":"x","scheduled_attempt_updated_at":null)");
  table.GoodWith("worker_is_an_object", R"("worker_id":{"id":7})");
  table.GoodWith("worker_beyond_64_bits", R"("worker_id":99999999999999999999)");
  table.GoodWith("worker_with_half_a_pair", R"("worker_id":"\ud800")");
  table.GoodWith("worker_with_nul", R"("worker_id":"7\u0000")");
  table.GoodWith("worker_of_a_megabyte", R"("worker_id":")" + std::string(kMebibyte, 'w') + '"');
  table.GoodWith("action_with_nul", R"("action_ref":"core\u0000.echo")");
  table.GoodWith("action_is_an_array", R"("action_ref":["core.echo"])");
  table.GoodWith("action_of_a_megabyte", R"("action_ref":")" + std::string(kMebibyte, 'a') + '"');
  table.Good(
      "earlier_payload_loses",
      R"({"message_type":"ExecutionRequested","payload":{"execution_id":1},"payload":{"execution_id":)",
      "}}");
  table.Good("earlier_type_loses", R"({"message_type":"Heartbeat","payload":{"execution_id":)",
             R"(},"message_type":"ExecutionRequested"})");
  table.Good(
      "names_in_escapes",
      R"({"message\u005ftype":"\u0045xecutionRequested","p\u0061yload":{"execution\u005Fid":)",
      "}}");
  table.Good(
      "spaces_everywhere",
      " \n{ \"message_type\" \t: \r\n\"ExecutionRequested\" , \"payload\" : { \"execution_id\" : ",
      " } } \n ");
  table.Good(
      "ids_null_in_the_envelope",
      R"({"message_id":null,"correlation_id":null,"message_type":"ExecutionRequested","payload":{"execution_id":)",
      "}}");
  table.Good(
      "ids_of_odd_kinds_in_the_envelope",
      R"({"message_id":[1],"correlation_id":{},"message_type":"ExecutionRequested","payload":{"execution_id":)",
      "}}");
  table.Good(
      "correlation_with_nul",
      R"({"correlation_id":"a\u0000b","message_type":"ExecutionRequested","payload":{"execution_id":)",
      "}}");
}

}  // namespace

std::vector<OddBody> OddBodies(std::int64_t first_execution_id) {
  Table table(first_execution_id);
  AddWhatIsNotJson(table);
  AddWhatIsTooLarge(table);
  AddWhatIsNoObject(table);
  AddWhatHasNoType(table);
  AddWhatIsOfAnotherType(table);
  AddWhatHasNoId(table);
  AddWhatHasAnUnusableId(table);
  AddWhatHasAnUnreadableAttempt(table);
  AddIdsThatNobodyHas(table);
  AddWhatIsGoodAllTheSame(table);
  return table.Take();
}

}  // namespace deadletter::test
