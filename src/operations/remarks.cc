#include "operations/remarks.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "base/rfc3339.h"
#include "base/text.h"
#include "operations/audit_log.h"
#include "operations/json_writer.h"
#include "operations/patience.h"
#include "operations/query.h"
#include "operations/request_json.h"
#include "operations/show_letter.h"

namespace deadletter {
namespace {

using boost::json::object;
using boost::json::value;

OperationResult<LetterId> ReadLetterId(std::string_view text) {
  const auto id = ParseUuid(text);
  if (!id) return Unexpected<OperationError>(NoSuchLetter(text));
  return LetterId(*id);
}

bool IsPlain(char c) {
  return static_cast<unsigned char>(c) > ' ' && c != 0x7f;
}

std::optional<std::string> ProblemWithTag(std::string_view tag) {
  if (tag.empty() || tag.size() > kMaxTagBytes)
    return fmt::format("a tag has 1 to {} bytes, {} has {}", kMaxTagBytes, Quoted(tag), tag.size());
  if (!std::ranges::all_of(tag, IsPlain))
    return "a tag has neither spaces nor control characters, " + Quoted(tag) + " does";
  return std::nullopt;
}

OperationResult<std::vector<std::string>> ReadTags(const object& body, std::string_view name) {
  std::vector<std::string> tags;
  const value* list = body.if_contains(name);
  if (list == nullptr) return tags;
  const bool strings =
      list->is_array() &&
      std::ranges::all_of(list->get_array(), [](const value& each) { return each.is_string(); });
  if (!strings) return BadBody(fmt::format("must have a list of strings in {}", name));
  for (const value& each : list->get_array()) {
    std::string tag(each.get_string());
    if (auto problem = ProblemWithTag(tag))
      return FailOperation(OperationFault::kUnacceptable, std::move(*problem));
    if (std::ranges::find(tags, tag) == tags.end()) tags.push_back(std::move(tag));
    if (tags.size() > kMaxTagsOfLetter) {
      return FailOperation(OperationFault::kUnacceptable,
                           fmt::format("{} has more than {} tags", name, kMaxTagsOfLetter));
    }
  }
  return tags;
}

OperationResult<TagChange> ReadTagChange(std::string_view json) {
  const auto body = ReadObject(json, {"add", "remove"});
  if (!body) return Unexpected<OperationError>(body.error());
  auto add = ReadTags(*body, "add");
  if (!add) return Unexpected<OperationError>(add.error());
  auto remove = ReadTags(*body, "remove");
  if (!remove) return Unexpected<OperationError>(remove.error());
  if (add->empty() && remove->empty())
    return FailOperation(OperationFault::kUnacceptable, "there is no tag to add or to remove");
  for (const std::string& tag : *add) {
    if (std::ranges::find(*remove, tag) == remove->end()) continue;
    return FailOperation(OperationFault::kUnacceptable,
                         Quoted(tag) + " cannot be added and removed at once");
  }
  return TagChange{.add = std::move(*add), .remove = std::move(*remove)};
}

// "+a +b -c"
std::string Told(const TagChange& change) {
  std::string told;
  for (const std::string& tag : change.add) told += (told.empty() ? "+" : " +") + tag;
  for (const std::string& tag : change.remove) told += (told.empty() ? "-" : " -") + tag;
  return told;
}

OperationResult<void> Judge(RemarkOutcome outcome, std::string_view letter,
                            const std::string& limit) {
  switch (outcome) {
    case RemarkOutcome::kDone:
      return {};
    case RemarkOutcome::kNoSuchLetter:
      return Unexpected<OperationError>(NoSuchLetter(letter));
    case RemarkOutcome::kTooMany:
      return FailOperation(OperationFault::kUnacceptable, limit);
  }
  return {};
}

}  // namespace

std::string NoteJson(const Note& note) {
  return JsonObject()
      .Add("id", JsonString(FormatUuid(note.id)))
      .Add("at", TimeJson(note.at))
      .Add("who", JsonDisplay(note.who, kMaxNoteBytes))
      .Add("text", JsonDisplay(note.text, kMaxNoteBytes))
      .Take();
}

OperationResult<std::string> AddNote(Remarks& remarks, std::string_view letter,
                                     std::string_view json, const Caller& caller, Instant now) {
  const auto id = ReadLetterId(letter);
  if (!id) return Unexpected<OperationError>(id.error());
  const auto body = ReadObject(json, {"text"});
  if (!body) return Unexpected<OperationError>(body.error());
  const value* text = body->if_contains("text");
  if (text == nullptr || !text->is_string()) return BadBody("must have a string in text");
  const Note note{.id = TimeOrderedUuid(now),
                  .at = now,
                  .who = caller.name,
                  .text = std::string(text->get_string())};
  const bool blank = note.text.find_first_not_of(" \t\r\n") == std::string::npos;
  if (blank || note.text.size() > kMaxNoteBytes || note.text.find('\0') != std::string::npos) {
    return FailOperation(
        OperationFault::kUnacceptable,
        fmt::format("a note has 1 to {} bytes of text, none of them NUL", kMaxNoteBytes));
  }
  const auto entry = MakeAuditEntry(caller, AuditedAct::kNote, FormatUuid(id->value()),
                                    DisplayText(note.text, kMaxAuditDetailBytes), now);
  const auto outcome = Patiently([&] { return remarks.AddNote(*id, note, entry); });
  if (!outcome) return Unexpected<OperationError>(FromChange(outcome.error()));
  const auto judged =
      Judge(*outcome, letter, fmt::format("a letter has at most {} notes", kMaxNotesOfLetter));
  if (!judged) return Unexpected<OperationError>(judged.error());
  return NoteJson(note);
}

OperationResult<std::string> ChangeTags(Remarks& remarks, std::string_view letter,
                                        std::string_view json, const Caller& caller, Instant now) {
  const auto id = ReadLetterId(letter);
  if (!id) return Unexpected<OperationError>(id.error());
  const auto change = ReadTagChange(json);
  if (!change) return Unexpected<OperationError>(change.error());
  const auto entry =
      MakeAuditEntry(caller, AuditedAct::kTag, FormatUuid(id->value()), Told(*change), now);
  const auto result = Patiently([&] { return remarks.ChangeTags(*id, *change, entry); });
  if (!result) return Unexpected<OperationError>(FromChange(result.error()));
  const auto judged =
      Judge(result->outcome, letter, fmt::format("a letter has at most {} tags", kMaxTagsOfLetter));
  if (!judged) return Unexpected<OperationError>(judged.error());
  return JsonObject().Add("tags", TagsJson(result->tags)).Take();
}

std::string TagsJson(const std::vector<std::string>& tags) {
  JsonArray list;
  for (const std::string& tag : tags) list.Add(JsonDisplay(tag, kMaxTagBytes));
  return list.Take();
}

}  // namespace deadletter
