#include "operations/query.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/rfc3339.h"
#include "base/sha256.h"
#include "base/text.h"

namespace deadletter {
namespace {

constexpr std::size_t kMaxQuotedBytes = 64;

Problem ReadLimit(std::string_view value, std::size_t& limit) {
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), limit);
  const bool whole = error == std::errc() && end == value.data() + value.size();
  if (whole && limit >= 1 && limit <= kMaxListLimit) return std::nullopt;
  return fmt::format("limit must be a number from 1 to {}, not {}", kMaxListLimit, Quoted(value));
}

Problem ReadCursor(std::string_view value, Query& query) {
  const auto cursor = ParseCursor(value);
  if (!cursor) return "cursor must be a next_cursor of an earlier answer, unchanged";
  if (cursor->filter != query.digest) {
    return "cursor belongs to a question with other filters: ask again without "
           "it";
  }
  query.after = cursor->after.value();
  query.rank = cursor->rank;
  return std::nullopt;
}

FilterDigest DigestOf(const Query& query, std::string_view subject) {
  Sha256 hash;
  if (!subject.empty()) hash.AddPart(subject);
  for (const auto& [name, value] : query.filters) {
    hash.AddPart(name);
    hash.AddPart(value);
  }
  const Sha256::Digest whole = hash.Finish();
  FilterDigest digest;
  std::copy_n(whole.begin(), digest.size(), digest.begin());
  return digest;
}

}  // namespace

std::string Quoted(std::string_view text) {
  std::string shown = DisplayText(text, kMaxQuotedBytes);
  std::ranges::replace_if(shown, [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; }, ' ');
  return "'" + shown + "'";
}

std::string Choice(std::span<const std::string_view> words) {
  const auto last = words.size() - 1;
  return fmt::format("{} or {}", fmt::join(words.first(last), ", "), words[last]);
}

Problem ReadReason(std::string_view value, std::optional<Reason>& reason) {
  reason = ReasonFromName(value);
  if (reason) return std::nullopt;
  std::vector<std::string_view> words;
  for (const Reason each : kEveryReason) words.push_back(ReasonName(each));
  return fmt::format("reason must be {}, not {}", Choice(words), Quoted(value));
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

Problem ReadQuery(std::span<const Parameter> given, std::span<const std::string_view> names,
                  std::string_view subject, Query& query) {
  for (const auto& [name, value] : given) {
    if (std::ranges::find(names, name) == names.end()) {
      return fmt::format("unknown parameter {}: there are {}", Quoted(name),
                         fmt::join(names, ", "));
    }
    // No ledger can hold other text, so that nothing could match it.
    if (!IsUtf8(value) || value.find('\0') != std::string::npos) {
      return fmt::format("{} must be UTF-8 without NUL", name);
    }
    if (!query.filters.emplace(name, value).second) return fmt::format("{} is given twice", name);
  }
  const auto limit = query.filters.extract("limit");
  const auto cursor = query.filters.extract("cursor");
  query.digest = DigestOf(query, subject);
  if (limit) {
    if (auto problem = ReadLimit(limit.mapped(), query.limit)) return problem;
  }
  return cursor ? ReadCursor(cursor.mapped(), query) : std::nullopt;
}

}  // namespace deadletter
