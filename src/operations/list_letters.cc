#include "operations/list_letters.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.h"
#include "letter/words.h"
#include "operations/json_writer.h"
#include "operations/letter_json.h"
#include "operations/text_index_state.h"

namespace deadletter {
namespace {

Problem ReadState(std::string_view value, LetterFilter& filter) {
  filter.state = LetterStateFromName(value);
  if (filter.state) return std::nullopt;
  constexpr std::array kAll = {LetterState::kOpen, LetterState::kWaiting, LetterState::kClosed};
  std::vector<std::string_view> words;
  for (const LetterState state : kAll) words.push_back(LetterStateName(state));
  return fmt::format("state must be {}, not {}", Choice(words), Quoted(value));
}

Problem ReadOutcome(std::string_view value, LetterFilter& filter) {
  filter.outcome = OutcomeFromName(value);
  if (filter.outcome) return std::nullopt;
  std::vector<std::string_view> words;
  for (const Outcome outcome : kEveryOutcome) words.push_back(OutcomeName(outcome));
  return fmt::format("outcome must be {}, not {}", Choice(words), Quoted(value));
}

Problem ReadGroup(std::string_view value, LetterFilter& filter) {
  filter.group = GroupIdFromHex(value);
  if (filter.group) return std::nullopt;
  return fmt::format("group must be 32 hexadecimal digits, not {}", Quoted(value));
}

// Words are cut as those of letters are.
Problem ReadText(std::string_view value, std::string_view view, LetterFilter& filter) {
  if (value.size() > kMaxQuestionBytes) {
    return fmt::format("q must have at most {} bytes, not {}", kMaxQuestionBytes, value.size());
  }
  const std::vector<std::string> words = WordsIn(value);
  if (words.empty() || words.size() > kMaxWordsOfQuestion) {
    return fmt::format(
        "q must have 1 to {} different words (letters and digits; all else stands between words), "
        "not {}",
        kMaxWordsOfQuestion, words.size());
  }
  filter.text = {.words = fmt::format("{}", fmt::join(words, " ")), .view = std::string(view)};
  return std::nullopt;
}

Problem ReadFilter(std::string_view name, const std::string& value, std::string_view view,
                   LetterFilter& filter) {
  if (name == "state") return ReadState(value, filter);
  if (name == "outcome") return ReadOutcome(value, filter);
  if (name == "reason") return ReadReason(value, filter.reason);
  if (name == "group") return ReadGroup(value, filter);
  if (name == "q") return ReadText(value, view, filter);
  if (name == "since") return ReadTime(name, value, filter.since);
  if (name == "until") return ReadTime(name, value, filter.until);
  if (name == "queue") filter.queue = value;
  if (name == "type") filter.type = value;
  if (name == "action") filter.action = value;
  if (name == "execution_id") filter.execution_id = value;
  if (name == "worker_id") filter.worker_id = value;
  if (name == "tag") filter.tag = value;
  return std::nullopt;
}

Problem Read(std::span<const Parameter> given, std::string_view view, Query& query,
             ListRequest& request) {
  if (auto problem = ReadQuery(given, kListParameters, "", query)) return problem;
  for (const auto& [name, value] : query.filters) {
    if (auto problem = ReadFilter(name, value, view, request.filter)) return problem;
  }
  return std::nullopt;
}

}  // namespace

OperationResult<ListRequest> ParseListRequest(std::span<const Parameter> parameters,
                                              const Caller& caller, const Redaction& redaction) {
  ListRequest request;
  Query query;
  if (auto problem = Read(parameters, redaction.ViewName(), query, request)) {
    return FailOperation(OperationFault::kBadRequest, std::move(*problem));
  }
  for (const auto& [name, value] : query.filters) {
    if (Includes(caller.role, Role::kAdmin) || !redaction.HidesFilter(name)) continue;
    return FailOperation(OperationFault::kForbidden,
                         fmt::format("{} is redacted: only an admin may look for it", name));
  }
  request.digest = query.digest;
  request.limit = query.limit;
  if (query.after) request.after = LetterId(*query.after);
  return request;
}

OperationResult<std::string> ListLetters(Catalog& catalog, const ListRequest& request,
                                         const Redaction& redaction) {
  auto page = catalog.List(request.filter, request.limit, request.after);
  if (!page) return Unexpected<OperationError>(FromLedger(page.error()));
  // Whoever has seen a page may take the next one for the rest.
  if (page->is_of_another_view && request.after) return IndexOfAnother();
  JsonArray items;
  for (LetterSummary& letter : page->letters) {
    redaction.Mask(letter);
    items.Add(SummaryJson(letter));
  }
  std::string next(kJsonNull);
  if (page->next) next = JsonString(FormatCursor({.after = *page->next, .filter = request.digest}));
  return JsonObject()
      .Add("items", items.Take())
      .Add("next_cursor", next)
      .Add("unindexed_letters", UnindexedJson(page->unindexed))
      .Add("looked_to", TimeJson(page->looked_to))
      .Take();
}

}  // namespace deadletter
