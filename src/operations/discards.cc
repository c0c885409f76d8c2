#include "operations/discards.h"

#include <fmt/format.h>

#include <utility>

#include "base/text.h"
#include "base/uuid.h"
#include "operations/audit_log.h"
#include "operations/json_writer.h"
#include "operations/patience.h"
#include "operations/request_json.h"
#include "operations/text_index_state.h"

namespace deadletter {
namespace {

Problem ReadWhy(const boost::json::value& value, std::string& why) {
  if (value.is_string()) why = std::string(value.get_string());
  const bool fits = value.is_string() && why.size() <= kMaxWhyBytes &&
                    why.find_first_not_of(" \t\r\n") != std::string::npos &&
                    why.find('\0') == std::string::npos;
  if (fits) return std::nullopt;
  return fmt::format("why must be a text of 1 to {} bytes, none of them NUL", kMaxWhyBytes);
}

Problem ReadDiscard(std::string_view text, DiscardRequest& request, Asking& asking) {
  const auto object = ReadObject(text, {"filter", "ids", "why", "dry_run"});
  if (!object) return object.error().message;
  if (auto problem = ReadSelection(*object, "discarded", asking, request.selection)) return problem;
  if (const auto* why = object->if_contains("why")) {
    if (auto problem = ReadWhy(*why, request.why)) return problem;
  }
  const auto* dry_run = object->if_contains("dry_run");
  return dry_run == nullptr ? std::nullopt : ReadFlag(*dry_run, "dry_run", request.dry_run);
}

// What each letter's history says of it.
std::string StepDetail(const Uuid& act, const Caller& caller, const std::string& why) {
  const std::string by = fmt::format("{} by {}", FormatUuid(act), caller.name);
  return why.empty() ? by : by + ": " + why;
}

OperationResult<void> JudgeDiscard(const DiscardCounts& counts) {
  if (counts.letters == 0)
    return FailOperation(OperationFault::kUnacceptable, "no letter is selected by that");
  if (counts.letters > static_cast<std::int64_t>(kMaxDiscardedLetters)) {
    return FailOperation(
        OperationFault::kUnacceptable,
        fmt::format("more than {} letters are selected: discard them in parts, by since and until "
                    "for example",
                    kMaxDiscardedLetters));
  }
  if (counts.discarded > 0) return {};
  return FailOperation(
      OperationFault::kConflict,
      fmt::format("of the {} letters none can be discarded: {} are closed, {} wait for themselves, "
                  "{} are in a replay",
                  counts.letters, counts.closed, counts.waiting, counts.taken));
}

std::string DiscardJson(const DiscardCounts& counts, const std::string& id_json, bool dry_run,
                        std::optional<std::int64_t> unindexed) {
  return JsonObject()
      .Add("dry_run", FlagJson(dry_run))
      .Add("id", id_json)
      .Add("letters", fmt::to_string(counts.letters))
      .Add("discarded", fmt::to_string(counts.discarded))
      .Add("taken", fmt::to_string(counts.taken))
      .Add("waiting", fmt::to_string(counts.waiting))
      .Add("closed", fmt::to_string(counts.closed))
      .Add("unindexed_letters", UnindexedJson(unindexed))
      .Take();
}

}  // namespace

OperationResult<DiscardRequest> ParseDiscardRequest(std::string_view json, const Caller& caller,
                                                    const Redaction& redaction) {
  DiscardRequest request;
  Asking asking{.caller = caller, .redaction = redaction};
  if (auto problem = ReadDiscard(json, request, asking))
    return FailOperation(asking.fault, std::move(*problem));
  return request;
}

OperationResult<std::string> DiscardLetters(Discards& discards, Catalog& catalog,
                                            const DiscardRequest& request, const Caller& caller,
                                            const Redaction& redaction, Instant now) {
  const LetterSelection& selection = request.selection.selection;
  const auto unindexed = CountUnindexed(catalog, selection.filter);
  if (!unindexed) return Unexpected<OperationError>(unindexed.error());
  if (request.dry_run) {
    const auto preview = discards.Preview(selection, kMaxDiscardedLetters);
    if (!preview) return Unexpected<OperationError>(FromLedger(preview.error()));
    const auto judged = JudgeDiscard(*preview);
    if (!judged) return Unexpected<OperationError>(judged.error());
    return DiscardJson(*preview, std::string(kJsonNull), true, *unindexed);
  }
  const Uuid act = TimeOrderedUuid(now);
  const std::string selected = SelectionJson(request.selection.json, redaction);
  const std::string told = request.why.empty() ? selected : selected + ": " + request.why;
  const AuditEntry entry = MakeAuditEntry(caller, AuditedAct::kDiscard, FormatUuid(act),
                                          DisplayText(told, kMaxAuditDetailBytes), now);
  const std::string detail = StepDetail(act, caller, request.why);
  const auto done = Patiently(
      [&] { return discards.Discard(selection, kMaxDiscardedLetters, detail, now, entry); });
  if (!done) return Unexpected<OperationError>(FromChange(done.error()));
  const auto judged = JudgeDiscard(*done);
  if (!judged) return Unexpected<OperationError>(judged.error());
  return DiscardJson(*done, JsonString(FormatUuid(act)), false, *unindexed);
}

}  // namespace deadletter
