#include "cli/client_flags.h"

#include <cstdlib>
#include <utility>

#include "cli/validators.h"
#include "config/units.h"

namespace deadletter::cli {
namespace {

constexpr std::size_t kMaxListed = 1'000'000;

}  // namespace

void ClientFlags::AddTo(const AddsCommand& add) {
  AddLetters(add);
  AddPeople(add);
  AddReplays(add);
  AddSelections(add);
  AddGroups(add);
}

void ClientFlags::AddLetters(const AddsCommand& add) {
  CLI::App* list = add("list", "List letters, newest first.", [this] {
    return ListCommand{
        .server = Server(), .filters = filters_.Given(LetterFilters()), .limit = limit_};
  });
  AddServerFlag(*list);
  filters_.AddTo(*list, LetterFilters());
  AddLimit(*list, "how many letters at most");
  CLI::App* show = add("show", "Show all that is known of one letter.", [this] {
    return ShowCommand{.server = Server(), .id = id_, .reveal = reveal_};
  });
  AddIdFlag(*show);
  show->add_flag("--reveal", reveal_, "what is redacted, too: for admins, and audited");
  CLI::App* explain = add("explain", "Say what happened to an execution.", [this] {
    return ExplainCommand{.server = Server(), .execution_id = id_};
  });
  AddServerFlag(*explain);
  explain->add_option("EXECUTION_ID", id_, "the execution's id")->required()->type_name("ID");
}

void ClientFlags::AddPeople(const AddsCommand& add) {
  CLI::App* note = add("note", "Add a note to a letter.", [this] {
    return NoteCommand{.server = Server(), .id = id_, .text = text_};
  });
  AddIdFlag(*note);
  note->add_option("--text", text_, "what it says")->required()->type_name("TEXT");
  CLI::App* tag = add("tag", "Add tags to a letter, or remove them.", [this] { return MakeTag(); });
  AddIdFlag(*tag);
  tag->add_option("--add", add_, "a tag; may be given more than once")->type_name("TAG");
  tag->add_option("--remove", remove_, "a tag; may be given more than once")->type_name("TAG");
  for (const char* name : {"--add", "--remove"})
    tag->get_option(name)->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  CLI::App* audit = add("audit", "List who did what, newest first; for admins.", [this] {
    return AuditCommand{
        .server = Server(), .filters = filters_.Given(AuditFilters()), .limit = limit_};
  });
  AddServerFlag(*audit);
  filters_.AddTo(*audit, AuditFilters());
  AddLimit(*audit, "how many acts at most");
}

void ClientFlags::AddReplays(const AddsCommand& add) {
  CLI::App* replay = add("replay", "Send letters back to where they were first addressed.", [this] {
    return replay_.Make(Server(), filters_.Given(LetterFilters()));
  });
  AddServerFlag(*replay);
  filters_.AddTo(*replay, LetterFilters());
  replay_.AddTo(*replay);
  CLI::App* replays = add("replays", "List replays; show, watch or steer one, or its letters.",
                          [this] { return steer_.Make(Server(), limit_); });
  AddServerFlag(*replays);
  steer_.AddTo(*replays);
  AddLimit(*replays, "how many replays, or letters of one, at most");
}

void ClientFlags::AddSelections(const AddsCommand& add) {
  CLI::App* discard =
      add("discard", "Close letters that nobody needs to look at any more; they stay listed.",
          [this] { return discard_.Make(Server(), filters_.Given(LetterFilters())); });
  AddServerFlag(*discard);
  filters_.AddTo(*discard, LetterFilters());
  discard_.AddTo(*discard);
  CLI::App* whole =
      add("export", "Write letters whole, with their bodies, one JSON object a line.", [this] {
        return ExportCommand{.server = Server(), .filters = filters_.Given(LetterFilters())};
      });
  AddServerFlag(*whole);
  filters_.AddTo(*whole, LetterFilters());
}

void ClientFlags::AddGroups(const AddsCommand& add) {
  CLI::App* groups = add("groups", "List groups of letters, the latest first.", [this] {
    return GroupsCommand{
        .server = Server(), .filters = filters_.Given(GroupFilters()), .limit = limit_};
  });
  AddServerFlag(*groups);
  filters_.AddTo(*groups, GroupFilters());
  AddLimit(*groups, "how many groups at most");
  CLI::App* mute = add("mute", "Mute a group for a time: it is known, and nobody need look at it.",
                       [this] { return MakeMute(); });
  AddServerFlag(*mute);
  mute->add_option("GROUP", id_, "the group, as `groups` gives it")->required()->type_name("GROUP");
  mute->add_option("--for", mute_for_, "for how long: 30m, 2h, 7d; at most 30d")
      ->type_name("DURATION");
  mute->add_flag("--off", unmute_, "muted no longer");
  CLI::App* stats = add("stats", "Count letters by hour, reason, queue and outcome.", [this] {
    return StatsCommand{.server = Server(), .filters = filters_.Given(StatisticsFilters())};
  });
  AddServerFlag(*stats);
  filters_.AddTo(*stats, StatisticsFilters());
}

void ClientFlags::AddServerFlag(CLI::App& command) {
  command
      .add_option("--server", server_,
                  "the running server; else DEADLETTER_SERVER, else " + ServerAccess{}.url)
      ->type_name("URL");
  command
      .add_option("--ca-file", ca_file_,
                  "whom to trust for https:// (PEM); else DEADLETTER_CA_FILE, else the system's")
      ->type_name("FILE");
}

void ClientFlags::AddIdFlag(CLI::App& command) {
  AddServerFlag(command);
  command.add_option("ID", id_, "the letter's id, as `list` gives it")->required()->type_name("ID");
}

void ClientFlags::AddLimit(CLI::App& command, const char* help) {
  command.add_option("--limit", limit_, help)
      ->check(UpTo(kMaxListed))
      ->type_name("N")
      ->capture_default_str();
}

Result<Command> ClientFlags::MakeTag() const {
  if (add_.empty() && remove_.empty()) return Fail("--add or --remove must name a tag");
  return TagCommand{.server = Server(), .id = id_, .add = add_, .remove = remove_};
}

Result<Command> ClientFlags::MakeMute() const {
  if (mute_for_.has_value() == unmute_) return Fail("say either --for or --off");
  MuteCommand mute{.server = Server(), .group = id_};
  if (unmute_) return mute;
  const auto length = ParseDurationMs(*mute_for_);
  constexpr std::int64_t kLongestMs = std::int64_t{30} * 24 * 3'600 * 1'000;  // the server's
  if (!length || *length < 1'000 || *length > kLongestMs) {
    return Fail("--for must be a duration like 30m, 2h or 7d, at most 30d, not '" + *mute_for_ +
                "'");
  }
  mute.seconds = *length / 1'000;
  return mute;
}

ServerAccess ClientFlags::Server() const {
  const auto environment = [](const char* name) -> std::optional<std::string> {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') return std::nullopt;
    return value;
  };
  const auto url = server_ ? server_ : environment("DEADLETTER_SERVER");
  return {.url = url.value_or(ServerAccess{}.url),
          .token = environment("DEADLETTER_TOKEN"),
          .ca_file = ca_file_ ? ca_file_ : environment("DEADLETTER_CA_FILE")};
}

}  // namespace deadletter::cli
