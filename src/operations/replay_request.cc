#include "operations/replay_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <set>

#include "operations/list_letters.h"
#include "operations/query.h"

namespace deadletter {
namespace {

namespace json = boost::json;
constexpr std::size_t kMaxEditDepth = 32;
constexpr std::size_t kMaxName = 255;  // AMQP's, of an exchange and of a routing key

// Who asks, and how what is wrong is to be answered.
struct Asking {
  const Caller& caller;
  const Redaction& redaction;
  OperationFault fault = OperationFault::kBadRequest;
};

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

Problem ReadFilter(const json::value& value, ReplayRequest& request, Asking& asking) {
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
  const auto list = ParseListRequest(parameters, asking.caller, asking.redaction);
  if (!list) {
    asking.fault = list.error().fault;
    return "filter: " + list.error().message;
  }
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

// `text` is the whole request: what is to be put into bodies is taken as it was written there.
Problem ReadEdit(std::string_view text, ReplayRequest& request, Asking& asking) {
  const auto raw = JsonAt(text, {{"edit"}});
  auto edit = ParseReplayEdit(raw.value_or("{}"));
  if (!edit) return "edit: " + edit.error().message;
  for (const PatchOperation& operation : edit->body) {
    const bool tells = operation.verb == PatchVerb::kTest
                           ? asking.redaction.Touches(operation.path)
                           : operation.from && asking.redaction.Touches(*operation.from);
    if (!tells || Includes(asking.caller.role, Role::kAdmin)) continue;
    asking.fault = OperationFault::kForbidden;
    return fmt::format("edit: something at '{}' is redacted: only an admin may test or take it",
                       FormatPointer(operation.from.value_or(operation.path)));
  }
  request.spec.edit_json = *raw;
  request.edit = std::move(*edit);
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
  if (!value.is_object() || value.get_object().empty()) {
    return "stop_when must be an object with failed_again_percent (0 means never), queue_messages "
           "or both";
  }
  const json::object& object = value.get_object();
  if (auto problem =
          UnknownMember(object, "stop_when: ", {"failed_again_percent", "queue_messages"}))
    return problem;
  if (const json::value* percent = object.if_contains("failed_again_percent")) {
    if (auto problem = ReadInteger(*percent, "stop_when.failed_again_percent", 0, 100,
                                   request.spec.stop_percent))
      return problem;
  }
  const json::value* messages = object.if_contains("queue_messages");
  if (messages == nullptr) return std::nullopt;
  return ReadInteger(*messages, "stop_when.queue_messages", 1, kMaxQueueMessages,
                     request.spec.queue_limit);
}

Problem ReadFlag(const json::value& value, std::string_view name, bool& flag) {
  if (!value.is_bool()) return fmt::format("{} must be true or false", name);
  flag = value.get_bool();
  return std::nullopt;
}

Problem ReadMember(std::string_view name, const json::value& value, ReplayRequest& request,
                   Asking& asking) {
  if (name == "filter") return ReadFilter(value, request, asking);
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

Problem Read(std::string_view text, ReplayRequest& request, Asking& asking) {
  json::parse_options options;
  options.max_depth = kMaxEditDepth;
  json::error_code error;
  const json::value value = json::parse(text, error, {}, options);
  if (error || !value.is_object()) return "the body must be a JSON object that describes a replay";
  const json::object& object = value.get_object();
  if (auto problem = UnknownMember(object, "",
                                   {"filter", "ids", "edit", "redirect", "rate_per_second", "ramp",
                                    "stop_when", "answer_within_seconds", "dry_run"}))
    return problem;
  if (object.contains("filter") == object.contains("ids")) return "say either filter or ids";
  request.spec.made_by = asking.caller.name;
  request.spec.stop_percent = kDefaultStopPercent;
  if (object.contains("edit")) {
    if (auto problem = ReadEdit(text, request, asking)) return problem;
  }
  for (const auto& member : object) {
    if (member.key() == "edit") continue;
    if (auto problem = ReadMember(member.key(), member.value(), request, asking)) return problem;
  }
  const auto& redirect = request.spec.redirect;
  if (request.spec.queue_limit > 0 && redirect && !redirect->exchange.empty()) {
    return "stop_when.queue_messages needs to know the queue: redirect to the empty exchange with "
           "the queue's name, or not at all";
  }
  return std::nullopt;
}

}  // namespace

OperationResult<ReplayRequest> ParseReplayRequest(std::string_view json, const Caller& caller,
                                                  const Redaction& redaction) {
  ReplayRequest request;
  Asking asking{.caller = caller, .redaction = redaction};
  if (auto problem = Read(json, request, asking))
    return FailOperation(asking.fault, std::move(*problem));
  return request;
}

}  // namespace deadletter
