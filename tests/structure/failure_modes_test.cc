// docs/failure-modes.md names for each fault the tests that prove what it says of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "tests/structure/source_tree.h"
#include "tests/support/documented_table.h"

namespace deadletter {
namespace {

using test::ProjectFolder;
using test::ReadText;

// A row as it is written, backticks and all.
struct Row {
  std::string fault, seen, done, kept;
  std::vector<std::string> tests;
};

std::set<std::string> MatchesIn(const std::string& text, const std::regex& pattern,
                                std::size_t group) {
  std::set<std::string> matches;
  for (std::sregex_iterator match(text.begin(), text.end(), pattern), end; match != end; ++match)
    matches.insert((*match)[group].str());
  return matches;
}

std::vector<Row> Rows() {
  static const std::regex kTest(R"(`([^`]*)`)");
  std::vector<Row> rows;
  std::istringstream page(ReadText(ProjectFolder() / "docs" / "failure-modes.md"));
  for (std::string line; std::getline(page, line);) {
    if (!line.starts_with("| ") || line.starts_with("| fault |")) continue;
    const std::vector<std::string> cells = test::TableCells(line);
    EXPECT_EQ(cells.size(), 5U) << line;
    if (cells.size() != 5) continue;
    const std::set<std::string> tests = MatchesIn(cells[4], kTest, 1);
    rows.push_back({cells[0], cells[1], cells[2], cells[3], {tests.begin(), tests.end()}});
  }
  return rows;
}

// What a test and what stands beside it in its file says, without the other tests of that file; by
// "Suite.Name".
using Said = std::map<std::string, std::string>;

void ReadTests(const std::string& text, Said& said) {
  static const std::regex kTest(R"(\nTEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\))");
  constexpr std::ptrdiff_t kLongest = 300;
  std::string beside;
  std::map<std::string, std::string> bodies;
  std::size_t from = 0;
  for (std::size_t at = text.find("\nTEST"); at != std::string::npos;
       at = text.find("\nTEST", at + 1)) {
    std::smatch match;
    const auto begin = text.begin() + static_cast<std::ptrdiff_t>(at);
    const auto end = text.end() - begin > kLongest ? begin + kLongest : text.end();
    if (!std::regex_search(begin, end, match, kTest, std::regex_constants::match_continuous))
      continue;
    const std::size_t close = std::min(text.find("\n}\n", at), text.size());
    beside += text.substr(from, at - from);
    bodies[match[1].str() + "." + match[2].str()] = text.substr(at, close - at);
    from = close;
  }
  beside += text.substr(from);
  for (const auto& [name, body] : bodies) said[name] += body + beside;
}

Said WhatTestsSay() {
  Said said;
  for (const char* folder : {"src", "tests"}) {
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(ProjectFolder() / folder)) {
      const auto extension = entry.path().extension();
      if (extension == ".cc" || extension == ".h") ReadTests(ReadText(entry.path()), said);
    }
  }
  return said;
}

// What somebody can look for: in code, names and codes; and what is quoted outside of it.
std::set<std::string> WordsOf(const std::string& seen) {
  static const std::regex kCode(R"(`([^`]*)`)");
  static const std::regex kName(R"(\b([a-z][a-z_]{2,}|[0-9P][0-9A-Z]{4})\b)");
  static const std::regex kQuoted(R"re("([^"]*)")re");
  // Settings, which the configuration's own page is held to.
  static const std::regex kSetting(R"(^[a-z]+\.[a-z_]+$)");
  std::set<std::string> words;
  for (const std::string& code : MatchesIn(seen, kCode, 1)) {
    if (!std::regex_match(code, kSetting)) words.merge(MatchesIn(code, kName, 1));
  }
  words.merge(MatchesIn(std::regex_replace(seen, kCode, ""), kQuoted, 1));
  return words;
}

// An outcome or a cause may be written as the enumerator that it is.
std::string AsEnumerator(const std::string& word) {
  std::string name = "k";
  bool begins = true;
  for (const char c : word) {
    if (c == '_') {
      begins = true;
    } else {
      name += begins ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
      begins = false;
    }
  }
  return name;
}

TEST(FailureModes, EachIsProvedByTestsThatExist) {
  const std::set<std::string>& tests = test::TestsInTheSources();
  const std::vector<Row> rows = Rows();
  ASSERT_GT(rows.size(), 50U);
  for (const Row& row : rows) {
    if (row.kept == "outside P1") continue;
    EXPECT_FALSE(row.tests.empty()) << row.fault;
    for (const std::string& name : row.tests)
      EXPECT_TRUE(tests.contains(name)) << row.fault << ": " << name;
  }
}

TEST(FailureModes, EveryMarkedWordStandsInOneOfItsTests) {
  const auto says = WhatTestsSay();
  std::size_t words = 0;
  for (const Row& row : Rows()) {
    std::set<std::string> marked = WordsOf(row.seen);
    marked.merge(WordsOf(row.done));
    marked.merge(WordsOf(row.kept));
    for (const std::string& word : marked) {
      ++words;
      const bool is_asserted = std::ranges::any_of(row.tests, [&](const std::string& name) {
        const auto found = says.find(name);
        return found != says.end() && (found->second.find(word) != std::string::npos ||
                                       found->second.find(AsEnumerator(word)) != std::string::npos);
      });
      EXPECT_TRUE(is_asserted || row.tests.empty()) << row.fault << ": " << word;
    }
  }
  EXPECT_GT(words, 80U);
}

}  // namespace
}  // namespace deadletter
