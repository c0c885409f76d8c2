#include "operations/groups.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/rfc3339.h"
#include "base/text.h"
#include "ledger/letter_tally.h"
#include "operations/audit_log.h"
#include "operations/json_writer.h"
#include "operations/patience.h"
#include "operations/query.h"
#include "operations/request_json.h"

namespace deadletter {
namespace {

Problem ReadMuted(std::string_view value, std::optional<bool>& muted) {
  if (value != "true" && value != "false") return "muted must be true or false";
  muted = value == "true";
  return std::nullopt;
}

Problem ReadOrder(std::string_view value, GroupOrder& order) {
  if (value != "last_seen" && value != "letters")
    return "order must be last_seen or letters, not " + Quoted(value);
  order = value == "letters" ? GroupOrder::kLetters : GroupOrder::kLastSeen;
  return std::nullopt;
}

Problem ReadGroupFilter(std::string_view name, const std::string& value, GroupsRequest& request) {
  if (name == "reason") return ReadReason(value, request.filter.reason);
  if (name == "since") return ReadTime(name, value, request.filter.since);
  if (name == "muted") return ReadMuted(value, request.filter.muted);
  if (name == "order") return ReadOrder(value, request.order);
  if (name == "type") request.filter.type = GroupWord(value);
  if (name == "action") request.filter.action = GroupWord(value);
  if (name == "queue") request.filter.queue = GroupWord(value);
  return std::nullopt;
}

// Their ids are as long as a letter's.
LetterId CursorId(const GroupId& group) {
  return LetterId(Uuid{group.value()});
}

Problem ReadGroups(std::span<const Parameter> given, Query& query, GroupsRequest& request) {
  if (auto problem = ReadQuery(given, kGroupParameters, "groups", query)) return problem;
  for (const auto& [name, value] : query.filters) {
    if (auto problem = ReadGroupFilter(name, value, request)) return problem;
  }
  if (!query.after) return std::nullopt;
  if (!query.rank) return "cursor must be a next_cursor of an earlier answer, unchanged";
  request.after = GroupPlace{.rank = *query.rank, .group = GroupId(query.after->bytes)};
  return std::nullopt;
}

std::string WordJson(const std::optional<std::string>& word, bool is_hidden) {
  if (!word) return std::string(kJsonNull);
  return TextJson(is_hidden ? kRedacted : *word);
}

std::string GroupJson(const GroupSummary& group, const Redaction& redaction) {
  JsonArray trend;
  for (const std::int64_t letters : group.trend) trend.Add(fmt::to_string(letters));
  return JsonObject()
      .Add("group", JsonString(ToHex(group.group)))
      .Add("letters", fmt::to_string(group.letters))
      .Add("first_seen", TimeJson(group.first_seen))
      .Add("last_seen", TimeJson(group.last_seen))
      .Add("type", WordJson(group.type, redaction.HidesFilter("type")))
      .Add("action", WordJson(group.action, redaction.HidesFilter("action")))
      .Add("reason", JsonString(ReasonName(group.reason)))
      .Add("queue", KnownTextJson(group.queue))
      .Add("sample", JsonString(FormatUuid(group.sample.value())))
      .Add("trend", trend.Take())
      .Add("muted_until", TimeJson(group.muted_until))
      .Add("muted_by", KnownTextJson(group.muted_by))
      .Take();
}

Unexpected<OperationError> NoSuchGroup() {
  return FailOperation(OperationFault::kNotFound,
                       "there is no such group: a group is 32 hexadecimal digits, as lists of "
                       "letters and groups give it");
}

OperationResult<std::chrono::seconds> ReadMute(std::string_view json) {
  const auto body = ReadObject(json, {"for"});
  if (!body) return Unexpected<OperationError>(body.error());
  const boost::json::value* const given = body->if_contains("for");
  boost::json::error_code error;
  const bool is_number = given != nullptr && (given->is_int64() || given->is_uint64());
  const auto seconds = is_number ? given->to_number<std::int64_t>(error) : -1;
  if (error || seconds < 0 || seconds > kLongestMute.count()) {
    return BadBody(fmt::format("must have in for a whole number of seconds, from 0 to {}",
                               kLongestMute.count()));
  }
  return std::chrono::seconds(seconds);
}

}  // namespace

OperationResult<GroupsRequest> ParseGroupsRequest(std::span<const Parameter> parameters,
                                                  const Caller& caller,
                                                  const Redaction& redaction) {
  GroupsRequest request;
  Query query;
  if (auto problem = ReadGroups(parameters, query, request))
    return FailOperation(OperationFault::kBadRequest, std::move(*problem));
  for (const auto& [name, value] : query.filters) {
    if (Includes(caller.role, Role::kAdmin) || !redaction.HidesFilter(name)) continue;
    return FailOperation(OperationFault::kForbidden,
                         fmt::format("{} is redacted: only an admin may look for it", name));
  }
  request.digest = query.digest;
  request.limit = query.limit;
  return request;
}

OperationResult<std::string> ListGroups(GroupBook& book, const GroupsRequest& request,
                                        const Redaction& redaction, Instant now) {
  const auto page = book.List(request.filter, request.order, request.limit, request.after, now);
  if (!page) return Unexpected<OperationError>(FromLedger(page.error()));
  JsonArray items;
  for (const GroupSummary& group : page->groups) items.Add(GroupJson(group, redaction));
  std::string next(kJsonNull);
  if (page->next) {
    next = JsonString(FormatCursor({.after = CursorId(page->next->group),
                                    .filter = request.digest,
                                    .rank = page->next->rank}));
  }
  return JsonObject().Add("items", items.Take()).Add("next_cursor", next).Take();
}

OperationResult<std::string> MuteGroup(GroupBook& book, std::string_view group,
                                       std::string_view json, const Caller& caller, Instant now) {
  const auto id = GroupIdFromHex(group);
  if (!id) return NoSuchGroup();
  const auto seconds = ReadMute(json);
  if (!seconds) return Unexpected<OperationError>(seconds.error());
  const auto until = seconds->count() == 0 ? std::nullopt : std::optional<Instant>(now + *seconds);
  AuditEntry entry = MakeAuditEntry(caller, AuditedAct::kMute, ToHex(*id),
                                    until ? "until " + FormatRfc3339(*until) : "off", now);
  entry.letters = 0;  // unless the ledger knows how many
  const auto muted = Patiently([&] { return book.Mute(*id, until, entry); });
  if (!muted) return Unexpected<OperationError>(FromChange(muted.error()));
  if (!*muted) return NoSuchGroup();
  return JsonObject()
      .Add("group", JsonString(ToHex(*id)))
      .Add("muted_until", TimeJson(until))
      .Add("muted_by", until ? TextJson(caller.name) : std::string(kJsonNull))
      .Take();
}

}  // namespace deadletter
