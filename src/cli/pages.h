// A list of the API's, page after page.
#pragma once

#include <boost/json/array.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cli/http_client.h"
#include "cli/terminal.h"

namespace deadletter::cli {

struct ListQuestion {
  const ServerAccess& server;
  std::string target;  // "v1/letters"
  const std::vector<std::pair<std::string, std::string>>& filters;
  std::size_t limit = 0;                             // items in all
  std::optional<std::string> cursor = std::nullopt;  // where an earlier answer ended
};

struct Listed {
  std::size_t items = 0;
  bool more = false;   // there may be
  std::string cursor;  // of what there may be
  // Of a text search: so many letters could not be found yet.
  std::int64_t unindexed = 0;
  // Not empty: the server came no further, and what was received before that was not looked at.
  std::string looked_to;
};

// Calls `print` with each page as it comes. A server that gives more than it was asked for, or
// nothing and yet a cursor, keeps nobody for ever; but one that says up to where it has looked is
// asked to look on.
[[nodiscard]] Result<Listed, AskError> FollowPages(
    const ListQuestion& question, const std::function<void(const boost::json::array&)>& print);

// On `terminal.error`, where it is not empty: what was not looked at.
void SayLookedTo(const Terminal& terminal, const std::string& looked_to);

// On `terminal.error`, where there are some: letters that no search finds yet.
void SayUnindexed(const Terminal& terminal, std::int64_t letters);

// One object a line, harmless for a terminal.
void PrintJsonLines(const boost::json::array& items, const Terminal& terminal);

}  // namespace deadletter::cli
