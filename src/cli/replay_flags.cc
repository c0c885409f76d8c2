#include "cli/replay_flags.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "base/text.h"
#include "cli/validators.h"

namespace deadletter::cli {

namespace json = boost::json;

Result<json::object> SelectionOf(const std::vector<std::string>& ids,
                                 const std::vector<std::pair<std::string, std::string>>& filters) {
  if (ids.empty() == filters.empty())
    return Fail("say which letters: either their ids, or filters such as --reason expired");
  json::object selection;
  if (!ids.empty()) selection["ids"] = json::array(ids.begin(), ids.end());
  if (!filters.empty()) {
    json::object filter;
    for (const auto& [name, value] : filters) filter[name] = value;
    selection["filter"] = std::move(filter);
  }
  return selection;
}

void DiscardFlags::AddTo(CLI::App& command) {
  command.add_option("ID", ids, "letters' ids, as `list` gives them; or filters in their place")
      ->type_name("ID");
  command.add_option("--why", why, "what their history is to say of it")->type_name("TEXT");
  command.add_flag("--dry-run", dry_run, "say how many, and discard nothing");
}

Result<Command> DiscardFlags::Make(
    ServerAccess server, const std::vector<std::pair<std::string, std::string>>& filters) const {
  auto request = SelectionOf(ids, filters);
  if (!request) return Unexpected<Error>(request.error());
  if (why) (*request)["why"] = DisplayText(*why, why->size() * 3);
  if (dry_run) (*request)["dry_run"] = true;
  return DiscardCommand{.server = std::move(server), .request_json = json::serialize(*request)};
}

void ReplayFlags::AddTo(CLI::App& command) {
  command.add_option("ID", ids, "letters' ids, as `list` gives them; or filters in their place")
      ->type_name("ID");
  command.add_option("--redirect-exchange", exchange, "send them to this exchange instead")
      ->type_name("NAME");
  command.add_option("--redirect-routing-key", routing_key, "with this routing key")
      ->type_name("KEY");
  command.add_option("--rate-per-second", rate, "how many messages a second at most")
      ->check(AnyNumber())
      ->type_name("N");
  command.add_flag("--ramp", ramp, "1, 10, 100, ...: each step once the one before is answered");
  command
      .add_option("--failed-again-percent", failed_again_percent,
                  "stop when so many of those answered failed again; 0: never")
      ->check(AnyWholeNumber())
      ->type_name("N");
  command
      .add_option("--queue-messages", queue_messages,
                  "fill the queue to so many waiting messages; stop when there are more")
      ->check(AnyWholeNumber())
      ->type_name("N");
  command
      .add_option("--edit", edit,
                  "change the messages: {\"body\": JSON Patch, \"set_headers\": {...}, "
                  "\"unset_headers\": [...]}; --dry-run shows what it does")
      ->type_name("JSON");
  command
      .add_option("--answer-within-seconds", answer_within_seconds,
                  "how long an execution may take")
      ->check(AnyWholeNumber())
      ->type_name("N");
  command.add_flag("--dry-run", dry_run, "say how many and where to, and send nothing");
  command.add_flag("--watch", watch, "stay until it has ended");
}

Result<Command> ReplayFlags::Make(
    ServerAccess server, const std::vector<std::pair<std::string, std::string>>& filters) const {
  auto selection = SelectionOf(ids, filters);
  if (!selection) return Unexpected<Error>(selection.error());
  if (exchange.has_value() != routing_key.has_value())
    return Fail("--redirect-exchange and --redirect-routing-key belong together");
  json::object request = std::move(*selection);
  if (exchange) request["redirect"] = {{"exchange", *exchange}, {"routing_key", *routing_key}};
  if (rate) request["rate_per_second"] = *rate;
  if (ramp) request["ramp"] = true;
  json::object stop_when;
  if (failed_again_percent) stop_when["failed_again_percent"] = *failed_again_percent;
  if (queue_messages) stop_when["queue_messages"] = *queue_messages;
  if (!stop_when.empty()) request["stop_when"] = std::move(stop_when);
  if (answer_within_seconds) request["answer_within_seconds"] = *answer_within_seconds;
  if (dry_run) request["dry_run"] = true;
  std::string text = json::serialize(request);
  if (edit) {
    json::error_code error;
    json::parse(*edit, error);
    if (error) return Fail("--edit must be JSON: " + error.message());
    // As it was written: parsed, a large number would lose digits.
    text.replace(text.size() - 1, 1, ",\"edit\":" + *edit + "}");
  }
  return ReplayCommand{
      .server = std::move(server), .request_json = std::move(text), .watch = watch && !dry_run};
}

void ReplaysFlags::AddTo(CLI::App& command) {
  command.add_option("ID", id, "one replay")->type_name("ID");
  command.add_flag("--letters", letters, "its letters: how each ended, and why");
  command
      .add_option("--outcome", outcome,
                  "with --letters: those that ended so (succeeded, failed_again, no_answer, "
                  "unroutable, in_doubt, taken, withdrawn)")
      ->type_name("OUTCOME");
  command.add_option("--cursor", cursor, "with --letters: go on where an earlier answer ended")
      ->type_name("CURSOR");
  command.add_flag("--watch", watch, "stay until it has ended");
  command.add_flag("--pause", pause, "send nothing more for now");
  command.add_flag("--resume", resume, "go on");
  command.add_flag("--cancel", cancel, "send nothing more, ever");
}

Result<Command> ReplaysFlags::Make(ServerAccess server, std::size_t limit) const {
  const int actions =
      (letters ? 1 : 0) + (watch ? 1 : 0) + (pause ? 1 : 0) + (resume ? 1 : 0) + (cancel ? 1 : 0);
  if (actions > 1)
    return Fail("--letters, --watch, --pause, --resume and --cancel exclude one another");
  if (actions == 1 && id.empty()) return Fail("say which replay: its ID");
  if (!letters && (outcome || cursor)) return Fail("--outcome and --cursor belong to --letters");
  ReplaysAction action = ReplaysAction::kShow;
  if (letters) action = ReplaysAction::kLetters;
  if (watch) action = ReplaysAction::kWatch;
  if (pause) action = ReplaysAction::kPause;
  if (resume) action = ReplaysAction::kResume;
  if (cancel) action = ReplaysAction::kCancel;
  return ReplaysCommand{.server = std::move(server),
                        .id = id,
                        .action = action,
                        .outcome = outcome,
                        .cursor = cursor,
                        .limit = limit};
}

}  // namespace deadletter::cli
