#include "cli/filter_flags.h"

#include <array>

namespace deadletter::cli {
namespace {

constexpr std::array kFilterFlags = {
    FilterFlag{"--state", "state", "open, waiting or closed"},
    FilterFlag{"--outcome", "outcome", "what we did: failed, not_failable, malformed, ..."},
    FilterFlag{"--reason", "reason",
               "why it died: expired, rejected, maxlen, delivery_limit, unknown"},
    FilterFlag{"--queue", "queue", "the queue where it died"},
    FilterFlag{"--type", "type", "the message type"},
    FilterFlag{"--action", "action", "the action"},
    FilterFlag{"--execution-id", "execution_id", "the execution"},
    FilterFlag{"--worker-id", "worker_id", "the worker it was meant for"},
    FilterFlag{"--group", "group", "letters of one fingerprint (32 hexadecimal digits)"},
    FilterFlag{"--tag", "tag", "that somebody tagged so"},
    FilterFlag{"--since", "since", "received at this time or later (2026-11-23T19:57:03Z)"},
    FilterFlag{"--until", "until", "received before this time"},
    FilterFlag{"--q", "q", "all of these words stand in body, headers or properties"},
};

constexpr std::array kAuditFlags = {
    FilterFlag{"--who", "who", "the token's name, or local"},
    FilterFlag{"--what", "what", "what was done: note, tag, reveal, discard, replay, ..."},
    FilterFlag{"--subject", "subject", "the id of what it was done to"},
    FilterFlag{"--since", "since", "at this time or later (2026-11-23T19:57:03Z)"},
    FilterFlag{"--until", "until", "before this time"},
};

constexpr std::array kGroupFlags = {
    FilterFlag{"--type", "type", "the message type; numbers make no difference"},
    FilterFlag{"--action", "action", "the action; the same"},
    FilterFlag{"--reason", "reason",
               "why they died: expired, rejected, maxlen, delivery_limit, unknown"},
    FilterFlag{"--queue", "queue", "the queue where they died first; numbers make no difference"},
    FilterFlag{"--since", "since", "last seen at this time or later (2026-11-23T19:57:03Z)"},
    FilterFlag{"--muted", "muted", "true: only those that are muted; false: only the others"},
    FilterFlag{"--order", "order", "last_seen (the latest first) or letters (the largest first)"},
};

constexpr std::array kStatisticsFlags = {
    FilterFlag{"--since", "since", "from this hour on (2026-11-23T19:57:03Z); else for a day"},
    FilterFlag{"--until", "until", "until this hour; else until now"},
};

}  // namespace

std::span<const FilterFlag> GroupFilters() {
  return kGroupFlags;
}

std::span<const FilterFlag> StatisticsFilters() {
  return kStatisticsFlags;
}

std::span<const FilterFlag> LetterFilters() {
  return kFilterFlags;
}

std::span<const FilterFlag> TrialFilters() {
  static const std::vector<FilterFlag> flags = [] {
    std::vector<FilterFlag> all(kFilterFlags.begin(), kFilterFlags.end());
    std::erase_if(all,
                  [](const FilterFlag& each) { return each.parameter == std::string("since"); });
    return all;
  }();
  return flags;
}

std::span<const FilterFlag> AuditFilters() {
  return kAuditFlags;
}

void FilterFlags::AddTo(CLI::App& command, std::span<const FilterFlag> flags) {
  for (const FilterFlag& each : flags)
    command.add_option(each.flag, values_[each.parameter], each.help)->type_name("TEXT");
}

std::vector<std::pair<std::string, std::string>> FilterFlags::Given(
    std::span<const FilterFlag> flags) const {
  std::vector<std::pair<std::string, std::string>> given;
  for (const FilterFlag& each : flags) {
    if (const auto& value = values_.at(each.parameter)) given.emplace_back(each.parameter, *value);
  }
  return given;
}

}  // namespace deadletter::cli
