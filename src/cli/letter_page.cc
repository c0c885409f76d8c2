#include "cli/letter_page.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "cli/json_slice.h"
#include "cli/letter_fields.h"
#include "cli/table.h"
#include "cli/terminal.h"

namespace deadletter::cli {
namespace {

using boost::json::object;
using Words = std::pair<std::string_view, std::string_view>;

constexpr std::array<Words, 5> kReasons = {{
    {"expired", "no worker took it before its time to live ended"},
    {"rejected", "a worker rejected it"},
    {"maxlen", "the queue was full"},
    {"delivery_limit", "it was delivered too often without being finished"},
    {"unknown", "the broker does not tell why"},
}};

constexpr std::array<Words, 11> kOutcomes = {{
    {"failed", "the execution was marked FAILED because of this letter"},
    {"stale_attempt",
     "nothing: the letter belongs to an earlier attempt, or something has renewed the row since"},
    {"not_failable", "nothing: the execution had already moved on"},
    {"deferred", "nothing yet: somebody held the execution's row; it is settled later"},
    {"not_found", "nothing: there is no such execution"},
    {"malformed", "kept it: the message cannot be understood"},
    {"unexpected_type", "kept it: this type of message is no execution request"},
    {"refused", "kept it: the ledger refused the change; it is tried again slowly"},
    {"retried", "a rule sent it back"},
    {"parked", "kept it and left the execution alone"},
    {"discarded", "a rule closed it"},
}};

// What `name` means in a sentence; itself where we do not know it.
template <std::size_t Size>
std::string Explained(const std::array<Words, Size>& words, const std::string& name) {
  for (const auto& [known, sentence] : words) {
    if (known == name) return fmt::format("{}: {}", name, sentence);
  }
  return name;
}

std::string Joined(std::initializer_list<std::pair<std::string_view, std::string>> parts) {
  std::string joined;
  for (const auto& [words, value] : parts) {
    if (value.empty()) continue;
    if (!joined.empty()) joined += ", ";
    joined.append(words).append(value);
  }
  return joined;
}

// "expired in worker.7.executions at …" or "expired in worker.7.executions 3 times, the first at …"
std::string DeathLine(const object& death) {
  const std::string count = Field(death, "count");
  const std::string time = TimeField(death, "time");
  std::string line = Field(death, "reason") + " in " + Field(death, "queue");
  if (count != "1") line += " " + count + " times";
  if (!time.empty()) line += (count == "1" ? " at " : ", the first at ") + time;
  return line;
}

class Page {
 public:
  Page(std::string_view json, const object& letter, bool colour)
      : json_(json), letter_(letter), colour_(colour) {}

  std::string Write() {
    Summary();
    Deaths();
    History();
    Notes();
    Json("Headers", FindMember(json_, "headers"));
    Json("Properties", FindMember(json_, "properties"));
    Body();
    return std::move(text_);
  }

 private:
  [[nodiscard]] std::string Get(std::string_view name) const { return Field(letter_, name); }

  void Title(std::string_view title) {
    text_ += colour_ ? fmt::format("{}{}{}\n", kBold, title, kPlain) : fmt::format("{}\n", title);
  }

  void Section(std::string_view title) {
    text_ += '\n';
    Title(title);
  }

  void Line(std::string_view label, const std::string& value) {
    if (!value.empty()) text_ += fmt::format("  {:<12} {}\n", label, value);
  }

  void Summary() {
    Title("Letter " + Get("id"));
    Line("what died", Joined({{"", Get("action")},
                              {"execution ", Get("execution_id")},
                              {"for worker ", Get("worker_id")},
                              {"type ", Get("type")}}));
    Line("where", Joined({{"", Get("queue")}, {"and came to ", Get("dead_letter_queue")}}));
    Line("why", Explained(kReasons, Get("reason")));
    Line("what we did", Explained(kOutcomes, Get("outcome")));
    Line("detail", Get("detail"));
    Line("state", Get("state"));
    Line("in replay", Get("in_replay"));
    Line("execution", ExecutionNow());
    Line("died", TimeField(letter_, "died_at"));
    Line("received", TimeField(letter_, "received_at"));
    Line("settled", TimeField(letter_, "settled_at"));
    Line("addressed to",
         Joined({{"exchange ", Get("exchange")}, {"routing key ", Get("routing_key")}}));
    Line("message",
         Joined({{"id ", Get("message_id")},
                 {"correlation ", Get("correlation_id")},
                 {"", Get("size_bytes") + " bytes"},
                 {"", Flag(letter_, "redelivered") ? "redelivered" : ""},
                 {"", Flag(letter_, "possible_duplicate") ? "possible duplicate" : ""}}));
    Line("group", Get("group"));
    Line("tags", ListField(letter_, "tags"));
  }

  // "failed now, core.echo: {"error":…}"
  std::string ExecutionNow() const {
    const auto* value = letter_.if_contains("execution");
    if (value == nullptr || !value->is_object()) return {};
    const auto& execution = value->get_object();
    const auto result = FindMember(FindMember(json_, "execution").value_or("{}"), "result");
    const bool told = result && *result != "null";
    return fmt::format("{} now{}{}", Field(execution, "status"), told ? ", result " : "",
                       told ? SafeJson(*result) : "");
  }

  [[nodiscard]] const boost::json::array* List(std::string_view name) const {
    const auto* value = letter_.if_contains(name);
    return value != nullptr && value->is_array() && !value->get_array().empty()
               ? &value->get_array()
               : nullptr;
  }

  void Deaths() {
    const auto* deaths = List("death_history");
    if (deaths == nullptr) return;
    Section("Deaths, newest first");
    for (const auto& value : *deaths) {
      if (!value.is_object()) continue;
      text_ += "  " + DeathLine(value.get_object()) + "\n";
    }
  }

  void History() {
    const auto* steps = List("history");
    if (steps == nullptr) return;
    Section("History");
    for (const auto& value : *steps) {
      if (!value.is_object()) continue;
      const auto& step = value.get_object();
      const std::string detail = Field(step, "detail");
      text_ += fmt::format("  {}  {}{}\n", TimeField(step, "at"), Field(step, "what"),
                           detail.empty() ? "" : " (" + detail + ")");
    }
  }

  void Notes() {
    const auto* notes = List("notes");
    if (notes == nullptr) return;
    Section("Notes");
    for (const auto& value : *notes) {
      if (!value.is_object()) continue;
      const auto& note = value.get_object();
      text_ += fmt::format("  {}  {}\n", TimeField(note, "at"), Field(note, "who"));
      const auto* text = note.if_contains("text");
      if (text == nullptr || !text->is_string()) continue;
      Indented(std::string_view(text->get_string()), SafeText);
    }
  }

  void Json(std::string_view title, std::optional<std::string_view> json) {
    if (!json || *json == "{}") return;
    Section(title);
    Indented(PrettyJson(*json), SafeJson);
  }

  void Body() {
    const auto* value = letter_.if_contains("body");
    if (value == nullptr || !value->is_object()) return;
    const auto& body = value->get_object();
    const std::string encoding = Field(body, "encoding");
    Section(fmt::format("Body ({}, {} bytes{})", encoding, Get("size_bytes"),
                        Flag(body, "truncated")
                            ? "; only the front is shown, the whole is at " + Field(body, "url")
                            : ""));
    const auto* shown = body.if_contains("value");
    if (shown == nullptr) return;
    if (encoding == "redacted") {
      text_ +=
          "  nothing of it is shown: it cannot be read as JSON, so that "
          "nobody can tell what in it\n"
          "  is redacted; `show --reveal` shows it to admins\n";
      return;
    }
    if (encoding == "json") {
      const auto raw = FindMember(FindMember(json_, "body").value_or("{}"), "value");
      Indented(PrettyJson(raw.value_or("")), SafeJson);
    } else if (shown->is_string()) {
      Indented(std::string_view(shown->get_string()), SafeText);
    }
  }

  // Lines are kept; all else in them is made harmless.
  void Indented(std::string_view lines, std::string (*make_safe)(std::string_view)) {
    while (!lines.empty()) {
      const std::size_t end = std::min(lines.find('\n'), lines.size());
      text_ += "  " + make_safe(lines.substr(0, end)) + "\n";
      lines.remove_prefix(std::min(end + 1, lines.size()));
    }
  }

  std::string_view json_;
  const object& letter_;
  bool colour_;
  std::string text_;
};

}  // namespace

Result<std::string> LetterPage(std::string_view json, bool colour) {
  const auto letter = ParseAnswer(json);
  if (!letter) return Unexpected<Error>(letter.error());
  return Page(json, *letter, colour).Write();
}

}  // namespace deadletter::cli
