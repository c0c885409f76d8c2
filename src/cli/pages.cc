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
};

std::string Target(const ListQuestion& question, std::size_t limit,
                   const std::optional<std::string>& cursor) {
  std::string target = question.target + "?limit=" + std::to_string(limit);
  for (const auto& [name, value] : question.filters)
    target += "&" + name + "=" + EncodeForUrl(value);
  if (cursor) target += "&cursor=" + EncodeForUrl(*cursor);
  return target;
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
  return page;
}

}  // namespace

Result<Listed, AskError> FollowPages(const ListQuestion& question,
                                     const std::function<void(const boost::json::array&)>& print) {
  std::optional<std::string> cursor;
  std::size_t left = question.limit;
  do {
    auto page = Fetch(question, std::min(left, kMaxPage), cursor);
    if (!page) return Unexpected<AskError>(page.error());
    if (page->items.size() > left) page->items.resize(left);
    left -= page->items.size();
    cursor = page->items.empty() ? std::nullopt : std::move(page->next_cursor);
    print(page->items);
  } while (cursor && left > 0);
  return Listed{.items = question.limit - left, .more = cursor.has_value()};
}

void PrintJsonLines(const boost::json::array& items, const Terminal& terminal) {
  for (const auto& item : items) terminal.out << SafeJson(boost::json::serialize(item)) << '\n';
}

}  // namespace deadletter::cli
