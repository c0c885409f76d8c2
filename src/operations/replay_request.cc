#include "operations/replay_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <utility>

#include "operations/edit_guard.h"
#include "operations/query.h"
#include "operations/request_json.h"
#include "operations/selection_request.h"

namespace deadletter {
namespace {

namespace json = boost::json;
constexpr std::size_t kMaxName = 255;  // AMQP's, of an exchange and of a routing key

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
  edit->at_redacted =
      !asking.redaction.HidesNothing() && Includes(asking.caller.role, Role::kAdmin);
  for (const PatchOperation& operation : edit->body) {
    if (edit->at_redacted) break;
    const auto hidden = WhatIsHidden(operation, asking.redaction);
    if (!hidden) continue;
    asking.fault = OperationFault::kForbidden;
    return "edit: " + *hidden;
  }
  request.spec.edit_json = KeptEdit(*raw, edit->at_redacted);
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

Problem ReadMember(std::string_view name, const json::value& value, ReplayRequest& request) {
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
  const auto object = ReadObject(text, {"filter", "ids", "edit", "redirect", "rate_per_second",
                                        "ramp", "stop_when", "answer_within_seconds", "dry_run"});
  if (!object) return object.error().message;
  SelectionRequest selection;
  if (auto problem = ReadSelection(*object, "replayed", asking, selection)) return problem;
  request.selection = std::move(selection.selection);
  request.spec.selection_json = std::move(selection.json);
  request.spec.made_by = asking.caller.name;
  request.spec.stop_percent = kDefaultStopPercent;
  if (object->contains("edit")) {
    if (auto problem = ReadEdit(text, request, asking)) return problem;
  }
  for (const auto& member : *object) {
    if (member.key() == "edit" || member.key() == "filter" || member.key() == "ids") continue;
    if (auto problem = ReadMember(member.key(), member.value(), request)) return problem;
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
