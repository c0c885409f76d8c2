#include "operations/list_letters.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include "base/rfc3339.h"
#include "base/sha256.h"
#include "base/text.h"
#include "operations/json_writer.h"
#include "operations/letter_json.h"

namespace deadletter {
namespace {

using Parameters = std::map<std::string, std::string, std::less<>>;  // each name once
using Problem = std::optional<std::string>;                          // nothing: all is well

constexpr std::array kNames = {"state",  "outcome",      "reason",    "queue", "type",
                               "action", "execution_id", "worker_id", "group", "since",
                               "until",  "limit",        "cursor"};
constexpr std::size_t kMaxQuotedBytes = 64;

// On one line, whatever it holds.
std::string Quoted(std::string_view text) {
  std::string shown = DisplayText(text, kMaxQuotedBytes);
  std::ranges::replace_if(shown, [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; }, ' ');
  return "'" + shown + "'";
}

// "open, waiting or closed"
std::string Choice(std::span<const std::string_view> words) {
  const auto last = words.size() - 1;
  return fmt::format("{} or {}", fmt::join(words.first(last), ", "), words[last]);
}

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
  constexpr std::array kAll = {
      Outcome::kFailed,   Outcome::kStaleAttempt, Outcome::kNotFailable,    Outcome::kDeferred,
      Outcome::kNotFound, Outcome::kMalformed,    Outcome::kUnexpectedType, Outcome::kRefused,
      Outcome::kRetried,  Outcome::kParked,       Outcome::kDiscarded};
  std::vector<std::string_view> words;
  for (const Outcome outcome : kAll) words.push_back(OutcomeName(outcome));
  return fmt::format("outcome must be {}, not {}", Choice(words), Quoted(value));
}

Problem ReadReason(std::string_view value, LetterFilter& filter) {
  filter.reason = ReasonFromName(value);
  if (filter.reason) return std::nullopt;
  constexpr std::array kAll = {Reason::kExpired, Reason::kRejected, Reason::kMaxlen,
                               Reason::kDeliveryLimit, Reason::kUnknown};
  std::vector<std::string_view> words;
  for (const Reason reason : kAll) words.push_back(ReasonName(reason));
  return fmt::format("reason must be {}, not {}", Choice(words), Quoted(value));
}

Problem ReadGroup(std::string_view value, LetterFilter& filter) {
  filter.group = GroupIdFromHex(value);
  if (filter.group) return std::nullopt;
  return fmt::format("group must be 32 hexadecimal digits, not {}", Quoted(value));
}

Problem ReadTime(std::string_view name, std::string_view value, std::optional<Instant>& instant) {
  const auto time = ParseRfc3339(value);
  if (!time) {
    return fmt::format("{} must be a time like 2026-11-23T19:57:03Z (RFC 3339), not {}", name,
                       Quoted(value));
  }
  instant = time->instant;
  return std::nullopt;
}

Problem ReadFilter(std::string_view name, const std::string& value, LetterFilter& filter) {
  if (name == "state") return ReadState(value, filter);
  if (name == "outcome") return ReadOutcome(value, filter);
  if (name == "reason") return ReadReason(value, filter);
  if (name == "group") return ReadGroup(value, filter);
  if (name == "since") return ReadTime(name, value, filter.since);
  if (name == "until") return ReadTime(name, value, filter.until);
  if (name == "queue") filter.queue = value;
  if (name == "type") filter.type = value;
  if (name == "action") filter.action = value;
  if (name == "execution_id") filter.execution_id = value;
  if (name == "worker_id") filter.worker_id = value;
  return std::nullopt;
}

Problem ReadLimit(std::string_view value, std::size_t& limit) {
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), limit);
  const bool whole = error == std::errc() && end == value.data() + value.size();
  if (whole && limit >= 1 && limit <= kMaxListLimit) return std::nullopt;
  return fmt::format("limit must be a number from 1 to {}, not {}", kMaxListLimit, Quoted(value));
}

Problem ReadCursor(std::string_view value, ListRequest& request) {
  const auto cursor = ParseCursor(value);
  if (!cursor) return "cursor must be a next_cursor of an earlier answer, unchanged";
  if (cursor->filter != request.digest) {
    return "cursor belongs to a question with other filters: ask again without it";
  }
  request.after = cursor->after;
  return std::nullopt;
}

Problem CheckName(std::string_view name) {
  if (std::find(kNames.begin(), kNames.end(), name) != kNames.end()) return std::nullopt;
  if (name == "tag" || name == "q") {
    return fmt::format("the filter {} is not there yet; there are {}", name,
                       fmt::join(kNames, ", "));
  }
  return fmt::format("unknown parameter {}: there are {}", Quoted(name), fmt::join(kNames, ", "));
}

Problem Collect(std::span<const Parameter> given, Parameters& parameters) {
  for (const auto& [name, value] : given) {
    if (auto problem = CheckName(name)) return problem;
    // No ledger can hold other text, so that no letter could match it.
    if (!IsUtf8(value) || value.find('\0') != std::string::npos) {
      return fmt::format("{} must be UTF-8 without NUL", name);
    }
    if (!parameters.emplace(name, value).second) return fmt::format("{} is given twice", name);
  }
  return std::nullopt;
}

bool IsFilter(std::string_view name) {
  return name != "limit" && name != "cursor";
}

FilterDigest DigestOf(const Parameters& parameters) {
  Sha256 hash;
  for (const auto& [name, value] : parameters) {
    if (!IsFilter(name)) continue;
    hash.AddPart(name);
    hash.AddPart(value);
  }
  const Sha256::Digest whole = hash.Finish();
  FilterDigest digest;
  std::copy_n(whole.begin(), digest.size(), digest.begin());
  return digest;
}

Problem Read(std::span<const Parameter> given, ListRequest& request) {
  Parameters parameters;
  if (auto problem = Collect(given, parameters)) return problem;
  request.digest = DigestOf(parameters);
  for (const auto& [name, value] : parameters) {
    Problem problem;
    if (name == "limit") {
      problem = ReadLimit(value, request.limit);
    } else if (name == "cursor") {
      problem = ReadCursor(value, request);
    } else {
      problem = ReadFilter(name, value, request.filter);
    }
    if (problem) return problem;
  }
  return std::nullopt;
}

}  // namespace

OperationResult<ListRequest> ParseListRequest(std::span<const Parameter> parameters) {
  ListRequest request;
  if (auto problem = Read(parameters, request)) {
    return FailOperation(OperationFault::kBadRequest, std::move(*problem));
  }
  return request;
}

OperationResult<std::string> ListLetters(Catalog& catalog, const ListRequest& request) {
  const auto page = catalog.List(request.filter, request.limit, request.after);
  if (!page) return Unexpected<OperationError>(FromLedger(page.error()));
  JsonArray items;
  for (const LetterSummary& letter : page->letters) items.Add(SummaryJson(letter));
  std::string next(kJsonNull);
  if (page->next) next = JsonString(FormatCursor({.after = *page->next, .filter = request.digest}));
  return JsonObject().Add("items", items.Take()).Add("next_cursor", next).Take();
}

}  // namespace deadletter
