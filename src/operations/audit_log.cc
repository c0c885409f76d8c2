#include "operations/audit_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/rfc3339.h"
#include "base/text.h"
#include "operations/json_writer.h"
#include "operations/query.h"

namespace deadletter {
namespace {

Problem ReadWhat(std::string_view value) {
  std::vector<std::string_view> words;
  for (const AuditedAct act : kEveryAuditedAct) words.push_back(AuditedActName(act));
  if (std::ranges::find(words, value) != words.end()) return std::nullopt;
  return fmt::format("what must be {}, not {}", Choice(words), Quoted(value));
}

Problem Read(std::span<const Parameter> parameters, Query& query, AuditFilter& filter) {
  if (auto problem = ReadQuery(parameters, kAuditParameters, "audit", query)) return problem;
  for (const auto& [name, value] : query.filters) {
    if (name == "who") filter.who = value;
    if (name == "what") {
      if (auto problem = ReadWhat(value)) return problem;
      filter.what = value;
    }
    if (name == "subject") filter.subject = value;
    if (name != "since" && name != "until") continue;
    if (auto problem = ReadTime(name, value, name == "since" ? filter.since : filter.until))
      return problem;
  }
  return std::nullopt;
}

std::string EntryJson(const AuditEntry& entry) {
  return JsonObject()
      .Add("id", JsonString(FormatUuid(entry.id)))
      .Add("at", TimeJson(entry.at))
      .Add("who", TextJson(entry.who))
      .Add("role", TextJson(entry.role))
      .Add("what", TextJson(entry.what))
      .Add("subject", TextJson(entry.subject))
      .Add("letters", fmt::to_string(entry.letters))
      .Add("detail", TextJson(entry.detail))
      .Add("outcome", TextJson(entry.outcome))
      .Take();
}

}  // namespace

AuditEntry MakeAuditEntry(const Caller& caller, AuditedAct act, std::string subject,
                          std::string detail, Instant now) {
  AuditEntry entry;
  entry.id = TimeOrderedUuid(now);
  entry.at = now;
  entry.who = caller.name;
  entry.role = RoleName(caller.role);
  entry.what = AuditedActName(act);
  entry.subject = std::move(subject);
  entry.detail = std::move(detail);
  return entry;
}

OperationResult<AuditRequest> ParseAuditRequest(std::span<const Parameter> parameters) {
  AuditRequest request;
  Query query;
  if (auto problem = Read(parameters, query, request.filter))
    return FailOperation(OperationFault::kBadRequest, std::move(*problem));
  request.digest = query.digest;
  request.limit = query.limit;
  request.after = query.after;
  return request;
}

OperationResult<std::string> ListAudit(Audit& audit, const AuditRequest& request) {
  const auto page = audit.List(request.filter, request.limit, request.after);
  if (!page) return Unexpected<OperationError>(FromLedger(page.error()));
  JsonArray items;
  for (const AuditEntry& entry : page->entries) items.Add(EntryJson(entry));
  std::string next(kJsonNull);
  if (page->next) {
    next = JsonString(FormatCursor({.after = LetterId(*page->next), .filter = request.digest}));
  }
  return JsonObject().Add("items", items.Take()).Add("next_cursor", next).Take();
}

}  // namespace deadletter
