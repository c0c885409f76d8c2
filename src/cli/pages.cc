#include "cli/pages.h"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <optional>
#include <ostream>

#include "cli/letter_fields.h"

namespace deadletter::cli {
namespace {

constexpr std::size_t kMaxPage = 1000;

struct Page {
  boost::json::array items;
  std::optional<std::string> next_cursor;
  std::int64_t unindexed = 0;
  std::string looked_to;  // empty: to the end of the page
};

std::string Target(const ListQuestion& question, std::size_t limit,
                   const std::optional<std::string>& cursor) {
  std::string target = question.target + "?limit=" + std::to_string(limit);
  for (const auto& [name, value] : question.filters)
    target += "&" + name + "=" + EncodeForUrl(value);
  if (cursor) target += "&cursor=" + EncodeForUrl(*cursor);
  return target;
}

// A page that took the server too long may be empty, and yet there is more to look at.
bool GoesOn(const Page& page, const std::optional<std::string>& cursor,
            const std::string& looked_to) {
  if (!page.items.empty()) return true;
  return !page.looked_to.empty() && (page.looked_to != looked_to || page.next_cursor != cursor);
}

AskError WithLookedTo(AskError error, const std::string& looked_to) {
  if (!looked_to.empty())
    error.message += "; only what was received since " + looked_to + " was looked at";
  return error;
}

Result<Page, AskError> Fetch(const ListQuestion& question, std::size_t limit,
                             const std::optional<std::string>& cursor) {
  const auto json = Ask(question.server, Target(question, limit, cursor));
  if (!json) return Unexpected<AskError>(json.error());
  auto answer = ParseAnswer(*json);
  if (!answer) return Unexpected<AskError>(AskError{.message = answer.error().message});
  Page page;
  if (auto* items = answer->if_contains("items"); items != nullptr && items->is_array()) {
    page.items = std::move(items->get_array());
  }
  if (auto* next = answer->if_contains("next_cursor"); next != nullptr && next->is_string()) {
    page.next_cursor = std::string(next->get_string());
  }
  page.unindexed = NumberField(*answer, "unindexed_letters");
  if (auto* time = answer->if_contains("looked_to"); time != nullptr && time->is_string())
    page.looked_to = std::string(time->get_string());
  return page;
}

}  // namespace

Result<Listed, AskError> FollowPages(const ListQuestion& question,
                                     const std::function<void(const boost::json::array&)>& print) {
  std::optional<std::string> cursor = question.cursor;
  std::size_t left = question.limit;
  std::int64_t unindexed = 0;
  std::string looked_to;
  do {
    auto page = Fetch(question, std::min(left, kMaxPage), cursor);
    if (!page) return Unexpected<AskError>(WithLookedTo(page.error(), looked_to));
    if (page->items.size() > left) page->items.resize(left);
    left -= page->items.size();
    const bool goes_on = GoesOn(*page, cursor, looked_to);
    cursor = goes_on ? std::move(page->next_cursor) : std::nullopt;
    looked_to = std::move(page->looked_to);
    unindexed = page->unindexed;
    print(page->items);
  } while (cursor && left > 0);
  return Listed{.items = question.limit - left,
                .more = cursor.has_value(),
                .cursor = cursor.value_or(""),
                .unindexed = unindexed,
                .looked_to = cursor ? "" : std::move(looked_to)};
}

void SayLookedTo(const Terminal& terminal, const std::string& looked_to) {
  if (looked_to.empty()) return;
  SayError(terminal, "only letters received since " + looked_to +
                         " were looked at, and the server comes no further: ask again when the "
                         "ledger has less to do");
}

void SayUnindexed(const Terminal& terminal, std::int64_t letters) {
  if (letters <= 0) return;
  SayError(terminal, std::to_string(letters) +
                         " letters are not indexed yet, and not found by their words: ask again "
                         "later");
}

void PrintJsonLines(const boost::json::array& items, const Terminal& terminal) {
  for (const auto& item : items) terminal.out << SafeJson(boost::json::serialize(item)) << '\n';
}

}  // namespace deadletter::cli
