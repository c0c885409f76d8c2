#include "operations/replay_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <set>

#include "base/text.h"
#include "operations/list_letters.h"

namespace deadletter {
namespace {

namespace json = boost::json;
using Problem = std::optional<std::string>;  // nothing: none

constexpr std::size_t kMaxDepth = 32;
constexpr std::size_t kMaxQuotedBytes = 64;
constexpr std::size_t kMaxName = 255;  // AMQP's, of an exchange and of a routing key

std::string Quoted(std::string_view text) {
  return "'" + DisplayText(text, kMaxQuotedBytes) + "'";
}

Problem UnknownMember(const json::object& object, std::string_view where,
                      std::initializer_list<std::string_view> known) {
  for (const auto& member : object) {
    const std::string_view name = member.key();
    if (std::ranges::find(known, name) != known.end()) continue;
    std::string names;
    for (const auto one : known) names += (names.empty() ? "" : ", ") + std::string(one);
    return fmt::format("{}unknown member {}: there are {}", where, Quoted(name), names);
  }
  return std::nullopt;
}

Problem ReadFilter(const json::value& value, ReplayRequest& request) {
  if (!value.is_object() || value.get_object().empty()) {
    return "filter must be an object with at least one filter of /v1/letters: nothing is replayed "
           "that nobody has looked for";
  }
  std::vector<Parameter> parameters;
  for (const auto& [key, wanted] : value.get_object()) {
    const std::string name(key);
    if (name == "limit" || name == "cursor") return "filter: " + name + " is none";
    if (!wanted.is_string()) return fmt::format("filter: {} must be a string", Quoted(name));
    parameters.push_back({name, std::string(wanted.get_string())});
  }
  const auto list = ParseListRequest(parameters);
  if (!list) return "filter: " + list.error().message;
  request.selection.filter = list->filter;
  request.spec.selection_json = json::serialize(json::object{{"filter", value}});
  return std::nullopt;
}

Problem ReadIds(const json::value& value, ReplayRequest& request) {
  if (!value.is_array() || value.get_array().empty() || value.get_array().size() > kMaxReplayIds) {
    return fmt::format("ids must be an array of 1 to {} letters' ids", kMaxReplayIds);
  }
  std::set<LetterId> ids;
  for (const json::value& one : value.get_array()) {
    const auto id = one.is_string() ? ParseUuid(std::string(one.get_string())) : std::nullopt;
    if (!id) return "ids must hold letters' ids, as /v1/letters gives them";
    ids.insert(LetterId(*id));
  }
  request.selection.ids.assign(ids.begin(), ids.end());
  request.spec.selection_json = json::serialize(json::object{{"ids", ids.size()}});
  return std::nullopt;
}

Problem ReadRedirect(const json::value& value, ReplayRequest& request) {
  const char* const wanted =
      "redirect must be {\"exchange\": …, \"routing_key\": …}, two strings of at most 255 bytes; "
      "the empty exchange and a queue's name lead straight into that queue";
  if (!value.is_object()) return wanted;
  const json::object& object = value.get_object();
  if (auto problem = UnknownMember(object, "redirect: ", {"exchange", "routing_key"}))
    return problem;
  const auto text = [&](const char* name) -> std::optional<std::string> {
    const json::value* member = object.if_contains(name);
    if (member == nullptr || !member->is_string()) return std::nullopt;
    std::string given(member->get_string());
    if (given.size() > kMaxName || given.find('\0') != std::string::npos) return std::nullopt;
    return given;
  };
  const auto exchange = text("exchange");
  const auto routing_key = text("routing_key");
  if (!exchange || !routing_key) return wanted;
  request.spec.redirect = Address{*exchange, *routing_key};
  return std::nullopt;
}

Problem ReadRate(const json::value& value, ReplayRequest& request) {
  json::error_code error;
  const double rate = value.is_number() ? value.to_number<double>(error) : 0;
  const auto milli_rate = static_cast<std::int64_t>(std::llround(std::min(rate, 1e6) * 1000));
  if (error || rate > kMaxReplayRatePerSecond || milli_rate < 1) {
    return fmt::format("rate_per_second must be a number from 0.001 to {}",
                       kMaxReplayRatePerSecond);
  }
  request.spec.milli_rate = milli_rate;
  return std::nullopt;
}

Problem ReadInteger(const json::value& value, std::string_view name, std::int64_t least,
                    std::int64_t most, std::int64_t& number) {
  json::error_code error;
  number = value.is_number() && !value.is_double() ? value.to_number<std::int64_t>(error) : -1;
  if (!error && number >= least && number <= most) return std::nullopt;
  return fmt::format("{} must be a whole number from {} to {}", name, least, most);
}

Problem ReadStopWhen(const json::value& value, ReplayRequest& request) {
  if (!value.is_object()) return R"(stop_when must be {"failed_again_percent": 0 to 100})";
  const json::object& object = value.get_object();
  if (auto problem = UnknownMember(object, "stop_when: ", {"failed_again_percent"})) return problem;
  const json::value* percent = object.if_contains("failed_again_percent");
  if (percent == nullptr) return "stop_when needs failed_again_percent; 0 means never";
  return ReadInteger(*percent, "stop_when.failed_again_percent", 0, 100, request.spec.stop_percent);
}

Problem ReadFlag(const json::value& value, std::string_view name, bool& flag) {
  if (!value.is_bool()) return fmt::format("{} must be true or false", name);
  flag = value.get_bool();
  return std::nullopt;
}

Problem ReadMember(std::string_view name, const json::value& value, ReplayRequest& request) {
  if (name == "filter") return ReadFilter(value, request);
  if (name == "ids") return ReadIds(value, request);
  if (name == "redirect") return ReadRedirect(value, request);
  if (name == "rate_per_second") return ReadRate(value, request);
  if (name == "ramp") return ReadFlag(value, name, request.spec.ramp);
  if (name == "stop_when") return ReadStopWhen(value, request);
  if (name == "dry_run") return ReadFlag(value, name, request.dry_run);
  std::int64_t seconds = 0;
  auto problem = ReadInteger(value, name, 1, kMaxAnswerWithinSeconds, seconds);
  request.spec.answer_within = std::chrono::seconds(seconds);
  return problem;
}

Problem Read(std::string_view text, ReplayRequest& request) {
  json::parse_options options;
  options.max_depth = kMaxDepth;
  json::error_code error;
  const json::value value = json::parse(text, error, {}, options);
  if (error || !value.is_object()) return "the body must be a JSON object that describes a replay";
  const json::object& object = value.get_object();
  if (object.contains("edit")) return "edit is not there yet: letters are replayed as they came";
  if (auto problem = UnknownMember(object, "",
                                   {"filter", "ids", "redirect", "rate_per_second", "ramp",
                                    "stop_when", "answer_within_seconds", "dry_run"}))
    return problem;
  if (object.contains("filter") == object.contains("ids")) return "say either filter or ids";
  request.spec.made_by = "loopback";  // there are no tokens, and so no names
  request.spec.stop_percent = kDefaultStopPercent;
  for (const auto& member : object) {
    if (auto problem = ReadMember(member.key(), member.value(), request)) return problem;
  }
  return std::nullopt;
}

}  // namespace

OperationResult<ReplayRequest> ParseReplayRequest(std::string_view json) {
  ReplayRequest request;
  if (auto problem = Read(json, request))
    return FailOperation(OperationFault::kBadRequest, std::move(*problem));
  return request;
}

}  // namespace deadletter
