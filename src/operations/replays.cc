#include "operations/replays.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "base/rfc3339.h"
#include "base/sha256.h"
#include "base/text.h"
#include "letter/retry_message.h"
#include "operations/audit_log.h"
#include "operations/edit_json.h"
#include "operations/json_writer.h"
#include "operations/list_letters.h"
#include "operations/patience.h"
#include "operations/selection_request.h"
#include "operations/text_index_state.h"

namespace deadletter {
namespace {

std::string AddressJson(const Address& address) {
  return JsonObject()
      .Add("exchange", TextJson(address.exchange))
      .Add("routing_key", TextJson(address.routing_key))
      .Take();
}

std::string CountsJson(const ReplayCounts& counts) {
  JsonObject object;
  object.Add("letters", fmt::to_string(counts.letters))
      .Add("pending", fmt::to_string(counts.pending))
      .Add("sent", fmt::to_string(counts.out))
      .Add("awaiting", fmt::to_string(counts.awaiting));
  for (const ReplayEnd end : kReplayEnds)
    object.Add(ReplayEndName(end), fmt::to_string(counts.Of(end)));
  return object.Take();
}

std::string RateJson(std::int64_t milli_rate) {
  if (milli_rate == 0) return std::string(kJsonNull);
  if (milli_rate % 1000 == 0) return fmt::to_string(milli_rate / 1000);
  return fmt::format("{}.{:03}", milli_rate / 1000, milli_rate % 1000);
}

JsonObject ReplayObject(const ReplayRecord& replay, const Redaction& redaction) {
  const ReplaySpec& spec = replay.spec;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(spec.answer_within);
  JsonObject object;
  object.Add("id", JsonString(FormatUuid(replay.id.value())))
      .Add("state", JsonString(ReplayStateName(replay.state)))
      .Add("reason", KnownTextJson(replay.reason))
      .Add("made_by", TextJson(spec.made_by))
      .Add("created_at", TimeJson(replay.created_at))
      .Add("ended_at", TimeJson(replay.ended_at))
      .Add("selection", SelectionJson(spec.selection_json, redaction))
      .Add("edit", EditJson(spec.edit_json, redaction))
      .Add("redirect", spec.redirect ? AddressJson(*spec.redirect) : std::string(kJsonNull))
      .Add("rate_per_second", RateJson(spec.milli_rate))
      .Add("ramp", FlagJson(spec.ramp))
      .Add("stop_when",
           JsonObject()
               .Add("failed_again_percent", fmt::to_string(spec.stop_percent))
               .Add("queue_messages", spec.queue_limit == 0 ? std::string(kJsonNull)
                                                            : fmt::to_string(spec.queue_limit))
               .Take())
      .Add("answer_within_seconds", fmt::to_string(seconds.count()))
      .Add("counts", CountsJson(replay.counts));
  return object;
}

std::string ReplayJson(const ReplayRecord& replay, const Redaction& redaction) {
  return ReplayObject(replay, redaction).Take();
}

std::string StandingJson(const ReplayRecord& replay) {
  return JsonObject()
      .Add("id", JsonString(FormatUuid(replay.id.value())))
      .Add("state", JsonString(ReplayStateName(replay.state)))
      .Add("reason", KnownTextJson(replay.reason))
      .Add("created_at", TimeJson(replay.created_at))
      .Add("ended_at", TimeJson(replay.ended_at))
      .Add("counts", CountsJson(replay.counts))
      .Take();
}

std::string LetterJson(const ReplayedLetter& letter, const Redaction& redaction) {
  std::string execution(kJsonNull);
  if (letter.execution_id) {
    execution = TextJson(redaction.HidesFilter("execution_id") ? kRedacted : *letter.execution_id);
  }
  return JsonObject()
      .Add("letter", JsonString(FormatUuid(letter.letter.value())))
      .Add("step", JsonString(ReplayStepName(letter.step)))
      .Add("outcome", letter.end ? JsonString(ReplayEndName(*letter.end)) : std::string(kJsonNull))
      .Add("detail", KnownTextJson(letter.detail))
      .Add("execution_id", execution)
      .Add("claimed_at", TimeJson(letter.claimed_at))
      .Add("sent_at", TimeJson(letter.sent_at))
      .Add("ended_at", TimeJson(letter.ended_at))
      .Take();
}

// Where the sample's message was first addressed, or why nobody knows.
struct Destination {
  std::string to{kJsonNull};
  std::string problem{kJsonNull};
};

Destination DestinationOf(const ReplayRequest& request, const LetterRecord* sample) {
  if (request.spec.redirect) return {.to = AddressJson(*request.spec.redirect)};
  if (sample == nullptr) return {};
  Letter letter;
  letter.history = ReadDeathHistory(sample->message.headers);
  if (!IsOriginKnown(letter.history)) return {.problem = JsonString(kOriginUnknown)};
  letter.exchange = sample->summary.exchange;
  letter.routing_key = sample->summary.routing_key;
  return {.to = AddressJson(OriginOf(letter))};
}

std::string PartJson(Catalog& catalog, const ReplayPreviewPart& part, const ReplayRequest& request,
                     const LetterFormat& format, const Redaction& redaction) {
  const auto found = catalog.Show(part.sample);
  const LetterRecord* const sample = found && *found ? &**found : nullptr;
  JsonObject object;
  object.Add("group", JsonString(ToHex(part.group)))
      .Add("queue", KnownTextJson(part.queue))
      .Add("letters", fmt::to_string(part.letters))
      .Add("sample", JsonString(FormatUuid(part.sample.value())));
  const Destination destination = DestinationOf(request, sample);
  object.Add("to", destination.to).Add("problem", destination.problem);
  if (!request.edit.IsNone() && sample != nullptr)
    object.Add("edited", EditDiffJson(request.edit, *sample, format, redaction));
  return object.Take();
}

AuditedAct ActOf(ReplayCommand command) {
  switch (command) {
    case ReplayCommand::kPause:
      return AuditedAct::kPause;
    case ReplayCommand::kResume:
      return AuditedAct::kResume;
    case ReplayCommand::kCancel:
      break;
  }
  return AuditedAct::kCancel;
}

Unexpected<OperationError> NoSuchReplay() {
  return FailOperation(OperationFault::kNotFound, "there is no such replay");
}

// ": 01a2… and 2 others"
std::string HoldersOf(const ReplayMade& made) {
  if (!made.holder) return {};
  std::string text = ": " + FormatUuid(made.holder->value());
  if (made.holders > 1)
    text += fmt::format(" and {} other{}", made.holders - 1, made.holders == 2 ? "" : "s");
  return text + "; wait for it, or cancel it";
}

std::optional<ReplayId> IdFrom(std::string_view text) {
  const auto id = ParseUuid(text);
  return id ? std::optional(ReplayId(*id)) : std::nullopt;
}

FilterDigest DigestOf(std::string_view replay, std::string_view outcome) {
  Sha256 hash;
  hash.AddPart("replays");
  hash.AddPart(replay);
  hash.AddPart(outcome);
  const Sha256::Digest whole = hash.Finish();
  FilterDigest digest;
  std::copy_n(whole.begin(), digest.size(), digest.begin());
  return digest;
}

std::string PageJson(JsonArray items, bool is_full, const Uuid& last, const ReplayPage& page) {
  std::string next(kJsonNull);
  if (is_full) next = JsonString(FormatCursor({.after = LetterId(last), .filter = page.digest}));
  return JsonObject().Add("items", items.Take()).Add("next_cursor", next).Take();
}

}  // namespace

OperationResult<ReplayPage> ParseReplayPage(std::span<const Parameter> parameters,
                                            std::string_view replay) {
  const auto refuse = [](std::string message) {
    return FailOperation(OperationFault::kBadRequest, std::move(message));
  };
  const auto find = [&](std::string_view name) -> const std::string* {
    const auto found = std::ranges::find(parameters, name, &Parameter::name);
    return found == parameters.end() ? nullptr : &found->value;
  };
  std::span<const std::string_view> names = kReplayedLettersParameters;
  if (replay.empty()) names = kReplaysParameters;
  for (const Parameter& parameter : parameters) {
    if (std::ranges::find(names, parameter.name) == names.end())
      return refuse(fmt::format("unknown parameter: there are {}", fmt::join(names, ", ")));
    if (std::ranges::count(parameters, parameter.name, &Parameter::name) > 1)
      return refuse(parameter.name + " is given twice");
  }
  ReplayPage page;
  page.limit = kDefaultListLimit;
  const std::string* const outcome = find("outcome");
  if (outcome != nullptr) {
    page.end = ReplayEndFromName(*outcome);
    if (!page.end) {
      std::string ends;
      for (const ReplayEnd end : kReplayEnds)
        ends += (ends.empty() ? "" : ", ") + std::string(ReplayEndName(end));
      return refuse("outcome must be one of " + ends);
    }
  }
  page.digest = DigestOf(replay, outcome == nullptr ? "" : *outcome);
  if (const std::string* limit = find("limit")) {
    const auto [end, error] =
        std::from_chars(limit->data(), limit->data() + limit->size(), page.limit);
    const bool whole = error == std::errc() && end == limit->data() + limit->size();
    if (!whole || page.limit < 1 || page.limit > kMaxListLimit)
      return refuse(fmt::format("limit must be a number from 1 to {}", kMaxListLimit));
  }
  if (const std::string* text = find("cursor")) {
    const auto cursor = ParseCursor(*text);
    if (!cursor || cursor->filter != page.digest)
      return refuse("cursor must be a next_cursor of an earlier answer to the same question");
    page.after = cursor->after.value();
  }
  return page;
}

OperationResult<std::string> PreviewReplay(ReplayBook& book, Catalog& catalog,
                                           const ReplayRequest& request, const LetterFormat& format,
                                           const Redaction& redaction,
                                           std::optional<std::int64_t> unindexed) {
  const auto preview = book.Preview(request.selection);
  if (!preview) return Unexpected<OperationError>(FromLedger(preview.error()));
  JsonArray groups;
  for (const ReplayPreviewPart& part : preview->parts)
    groups.Add(PartJson(catalog, part, request, format, redaction));
  return JsonObject()
      .Add("dry_run", "true")
      .Add("letters", fmt::to_string(preview->letters))
      .Add("taken", fmt::to_string(preview->taken))
      .Add("waiting", fmt::to_string(preview->waiting))
      .Add("closed", fmt::to_string(preview->closed))
      .Add("groups", groups.Take())
      .Add("unindexed_letters", UnindexedJson(unindexed))
      .Take();
}

OperationResult<NewReplay> MakeReplay(ReplayBook& book, const ReplayRequest& request,
                                      const Caller& caller, const Redaction& redaction,
                                      Instant now) {
  const ReplayId id(TimeOrderedUuid(now));
  const auto entry = MakeAuditEntry(
      caller, AuditedAct::kReplay, FormatUuid(id.value()),
      DisplayText(SelectionJson(request.spec.selection_json, redaction), kMaxAuditDetailBytes),
      now);
  const auto made = Patiently([&] {
    return book.Make(id, request.spec, request.selection, kMaxReplayLetters, now, entry);
  });
  if (!made) return Unexpected<OperationError>(FromChange(made.error()));
  if (made->made) return NewReplay{.id = id, .taken = made->taken};
  if (made->letters == 0)
    return FailOperation(OperationFault::kUnacceptable, "no letter is selected by that");
  if (made->letters > static_cast<std::int64_t>(kMaxReplayLetters)) {
    return FailOperation(OperationFault::kUnacceptable,
                         fmt::format("{} letters are selected: at most {} can be replayed together",
                                     made->letters, kMaxReplayLetters));
  }
  return FailOperation(OperationFault::kConflict,
                       fmt::format("every one of the {} letters is in another replay that has not "
                                   "ended with it{}",
                                   made->letters, HoldersOf(*made)));
}

OperationResult<std::string> ListReplays(ReplayBook& book, const ReplayPage& page,
                                         const Redaction& redaction) {
  const auto after = page.after ? std::optional(ReplayId(*page.after)) : std::nullopt;
  const auto replays = book.List(page.limit, after);
  if (!replays) return Unexpected<OperationError>(FromLedger(replays.error()));
  JsonArray items;
  for (const ReplayRecord& replay : *replays) items.Add(ReplayJson(replay, redaction));
  const bool is_full = replays->size() == page.limit;
  return PageJson(std::move(items), is_full, is_full ? replays->back().id.value() : Uuid{}, page);
}

OperationResult<std::string> ShowReplay(ReplayBook& book, std::string_view id,
                                        const Redaction& redaction) {
  const auto replay_id = IdFrom(id);
  if (!replay_id) return NoSuchReplay();
  const auto replay = book.Show(*replay_id);
  if (!replay) return Unexpected<OperationError>(FromLedger(replay.error()));
  if (!*replay) return NoSuchReplay();
  return ReplayJson(**replay, redaction);
}

OperationResult<std::string> ShowMadeReplay(ReplayBook& book, ReplayId id,
                                            const Redaction& redaction,
                                            std::optional<std::int64_t> unindexed) {
  const auto replay = book.Show(id);
  if (!replay) return Unexpected<OperationError>(FromLedger(replay.error()));
  if (!*replay) return NoSuchReplay();
  return ReplayObject(**replay, redaction)
      .Add("unindexed_letters", UnindexedJson(unindexed))
      .Take();
}

OperationResult<std::string> ListReplayedLetters(ReplayBook& book, std::string_view id,
                                                 const ReplayPage& page,
                                                 const Redaction& redaction) {
  const auto replay_id = IdFrom(id);
  if (!replay_id) return NoSuchReplay();
  const auto replay = book.Show(*replay_id);
  if (!replay) return Unexpected<OperationError>(FromLedger(replay.error()));
  if (!*replay) return NoSuchReplay();
  const auto after = page.after ? std::optional(LetterId(*page.after)) : std::nullopt;
  const auto letters = book.Letters(*replay_id, page.end, page.limit, after);
  if (!letters) return Unexpected<OperationError>(FromLedger(letters.error()));
  JsonArray items;
  for (const ReplayedLetter& letter : *letters) items.Add(LetterJson(letter, redaction));
  const bool is_full = letters->size() == page.limit;
  return PageJson(std::move(items), is_full, is_full ? letters->back().letter.value() : Uuid{},
                  page);
}

OperationResult<std::vector<ReplayStanding>> StandingReplays(ReplayBook& book,
                                                             const std::set<std::string>& known,
                                                             Instant now) {
  const auto moving = book.Moving(now - kEndedReplayStands, kMaxStandingReplays);
  if (!moving) return Unexpected<OperationError>(FromLedger(moving.error()));
  std::vector<ReplayStanding> standing;
  for (const MovingReplay& each : *moving) {
    std::string id = FormatUuid(each.id.value());
    if (each.ended && known.contains(id)) {
      standing.push_back({.id = std::move(id), .ended = true, .json = ""});
      continue;
    }
    const auto replay = book.Show(each.id);
    if (!replay) return Unexpected<OperationError>(FromLedger(replay.error()));
    if (!*replay) continue;
    standing.push_back({.id = std::move(id),
                        .ended = (*replay)->ended_at.has_value(),
                        .json = StandingJson(**replay)});
  }
  return standing;
}

OperationResult<ReplaySteered> SteerReplay(ReplayBook& book, std::string_view id,
                                           ReplayCommand command, const Caller& caller,
                                           Instant now) {
  const auto replay_id = IdFrom(id);
  if (!replay_id) return NoSuchReplay();
  const auto entry =
      MakeAuditEntry(caller, ActOf(command), FormatUuid(replay_id->value()), "", now);
  const auto steered = Patiently([&] { return book.Steer(*replay_id, command, now, entry); });
  if (!steered) return Unexpected<OperationError>(FromChange(steered.error()));
  if (!*steered) return NoSuchReplay();
  if ((*steered)->done) return **steered;
  const ReplayState state = (*steered)->state;
  const bool says_so = state == ReplayState::kDone || state == ReplayState::kCancelled;
  const bool is_over = (*steered)->ended && !says_so;
  return FailOperation(OperationFault::kConflict,
                       fmt::format("the replay is {}{}", ReplayStateName(state),
                                   is_over ? ", and has ended with all of its letters" : ""));
}

std::string ReplayUrl(std::string_view base_path, ReplayId id) {
  std::string url(base_path);
  if (!url.ends_with('/')) url += '/';
  return url + "v1/replays/" + FormatUuid(id.value());
}

Unexpected<OperationError> NothingIsReplayed() {
  return FailOperation(OperationFault::kConflict,
                       "executions.mode is \"observe\": nothing is replayed");
}

}  // namespace deadletter
