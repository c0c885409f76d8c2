#include "letter/words.h"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <set>

#include "base/text.h"

namespace deadletter {
namespace {

constexpr std::size_t kMaxSearchedDepth = 1'000;

bool IsOfWord(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Gathers words, the first ones up to a limit.
class Words {
 public:
  void AddText(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size() && !IsFull()) {
      while (at < text.size() && !IsOfWord(text[at])) ++at;
      const std::size_t begin = at;
      while (at < text.size() && IsOfWord(text[at])) ++at;
      AddWord(text.substr(begin, at - begin));
    }
  }
  void AddNumber(std::int64_t number) { AddText(std::to_string(number)); }
  [[nodiscard]] bool IsFull() const { return words_.size() >= kMaxWordsOfLetter; }
  [[nodiscard]] std::vector<std::string> Take() const { return {words_.begin(), words_.end()}; }

 private:
  void AddWord(std::string_view raw) {
    if (raw.empty()) return;
    std::size_t length = std::min(raw.size(), kMaxWordBytes);
    // Not in the middle of a character.
    while (length < raw.size() && length > 0 &&
           (static_cast<unsigned char>(raw[length]) & 0xC0) == 0x80)
      --length;
    std::string word(raw.substr(0, length));
    std::ranges::transform(word, word.begin(), Lower);
    if (!word.empty() && IsUtf8(word)) words_.insert(std::move(word));
  }

  std::set<std::string> words_;
};

// Its names are the library's.
class WordHandler {
 public:
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

  using Error = boost::json::error_code;
  using Text = boost::json::string_view;

  explicit WordHandler(Words& words) : words_(words) {}

  bool on_document_begin(Error&) { return true; }
  bool on_document_end(Error&) { return true; }
  bool on_object_begin(Error&) { return true; }
  bool on_object_end(std::size_t, Error&) { return true; }
  bool on_array_begin(Error&) { return true; }
  bool on_array_end(std::size_t, Error&) { return true; }
  bool on_key_part(Text part, std::size_t, Error&) { return Gather(part); }
  bool on_key(Text rest, std::size_t, Error&) { return End(rest); }
  bool on_string_part(Text part, std::size_t, Error&) { return Gather(part); }
  bool on_string(Text rest, std::size_t, Error&) { return End(rest); }
  bool on_number_part(Text part, Error&) { return Gather(part); }
  bool on_int64(std::int64_t, Text rest, Error&) { return End(rest); }
  bool on_uint64(std::uint64_t, Text rest, Error&) { return End(rest); }
  bool on_double(double, Text rest, Error&) { return End(rest); }
  bool on_bool(bool, Error&) { return true; }
  bool on_null(Error&) { return true; }
  bool on_comment_part(Text, Error&) { return true; }
  bool on_comment(Text, Error&) { return true; }

 private:
  bool Gather(Text part) {
    gathered_.append(part.data(), part.size());
    return true;
  }
  bool End(Text rest) {
    Gather(rest);
    words_.AddText(gathered_);
    gathered_.clear();
    return true;
  }

  Words& words_;
  std::string gathered_;  // of the name, string or number that is being read
};

// False: it is no JSON, and what was gathered of it counts for nothing.
bool AddJson(std::string_view body, Words& words) {
  Words found = words;
  boost::json::parse_options options;
  options.max_depth = kMaxSearchedDepth;
  boost::json::basic_parser<WordHandler> parser(options, found);
  boost::json::error_code error;
  const std::size_t read = parser.write_some(false, body.data(), body.size(), error);
  if (error || !parser.done() || read != body.size()) return false;
  words = std::move(found);
  return true;
}

void AddTable(const FieldTable& table, Words& words);

// Tables and arrays as deep as they are read: kMaxFieldDepth.
void AddField(const FieldValue& field, Words& words) {
  if (const auto* text = std::get_if<std::string>(&field.value)) return words.AddText(*text);
  if (const auto* table = std::get_if<FieldTable>(&field.value)) return AddTable(*table, words);
  if (const auto* array = std::get_if<FieldArray>(&field.value)) {
    for (const FieldValue& each : *array) AddField(each, words);
    return;
  }
  if (const auto number = AsInteger(&field)) words.AddNumber(*number);
}

void AddTable(const FieldTable& table, Words& words) {
  for (const FieldEntry& entry : table.entries) {
    words.AddText(entry.name);
    AddField(entry.value, words);
  }
}

void AddProperties(const Properties& properties, Words& words) {
  for (const auto* text :
       {&properties.content_type, &properties.content_encoding, &properties.correlation_id,
        &properties.reply_to, &properties.expiration, &properties.message_id, &properties.type,
        &properties.user_id, &properties.app_id, &properties.cluster_id}) {
    if (*text) words.AddText(**text);
  }
}

}  // namespace

std::vector<std::string> WordsIn(std::string_view text) {
  Words words;
  words.AddText(text);
  return words.Take();
}

std::vector<std::string> WordsOf(const Message& message, std::string_view body) {
  Words words;
  AddProperties(message.properties, words);
  AddTable(message.headers, words);
  if (body.size() > kMaxSearchedBytes || !AddJson(body, words))
    words.AddText(body.substr(0, kMaxSearchedBytes));
  return words.Take();
}

}  // namespace deadletter
