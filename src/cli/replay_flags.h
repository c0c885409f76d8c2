// The flags of `replay` and `replays`. Internal to the command line.
#pragma once

#include <CLI/CLI.hpp>
#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/command_line.h"

namespace deadletter::cli {

// Written into by CLI11 while it reads; must not move meanwhile.
struct ReplayFlags {
  std::vector<std::string> ids;
  std::optional<std::string> exchange;
  std::optional<std::string> routing_key;
  std::optional<double> rate;
  std::optional<std::int64_t> failed_again_percent;
  std::optional<std::int64_t> answer_within_seconds;
  std::optional<std::int64_t> queue_messages;
  std::optional<std::string> edit;
  bool ramp = false;
  bool dry_run = false;
  bool watch = false;

  void AddTo(CLI::App& command);
  [[nodiscard]] Result<Command> Make(
      ServerAccess server, const std::vector<std::pair<std::string, std::string>>& filters) const;
};

// Letters as requests name them: {"ids":[…]} or {"filter":{…}}; the error says that it must be one
// of them.
[[nodiscard]] Result<boost::json::object> SelectionOf(
    const std::vector<std::string>& ids,
    const std::vector<std::pair<std::string, std::string>>& filters);

// As ReplayFlags.
struct DiscardFlags {
  std::vector<std::string> ids;
  std::optional<std::string> why;
  bool dry_run = false;

  void AddTo(CLI::App& command);
  [[nodiscard]] Result<Command> Make(
      ServerAccess server, const std::vector<std::pair<std::string, std::string>>& filters) const;
};

struct ReplaysFlags {
  std::string id;
  std::optional<std::string> outcome;
  std::optional<std::string> cursor;
  bool letters = false;
  bool watch = false;
  bool pause = false;
  bool resume = false;
  bool cancel = false;

  void AddTo(CLI::App& command);
  [[nodiscard]] Result<Command> Make(ServerAccess server, std::size_t limit) const;
};

}  // namespace deadletter::cli
