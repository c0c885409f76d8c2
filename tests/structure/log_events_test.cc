// docs/operations.md tells what each log event means: alerts match on their names.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "tests/structure/source_tree.h"

namespace deadletter {
namespace {

using test::ProjectFolder;
using test::ReadText;
using Names = std::set<std::string>;

bool IsTest(const std::filesystem::path& file) {
  const std::string name = file.stem().string();
  return name.ends_with("_test") || name.ends_with("_pgtest") || name.ends_with("_rmqtest");
}

bool IsPartOfWord(char c) {
  return c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0;
}

// What stands before the fields in each call of a function of telemetry/log.h.
std::vector<std::string> CallsIn(const std::string& text) {
  std::vector<std::string> calls;
  for (const std::string call : {"Log(", "LogInfo(", "LogWarning(", "LogError(", "LogAlways("}) {
    for (auto at = text.find(call); at != std::string::npos; at = text.find(call, at + 1)) {
      if (at > 0 && IsPartOfWord(text[at - 1])) continue;
      const std::size_t begin = at + call.size();
      calls.push_back(text.substr(begin, text.find_first_of("{;", begin) - begin));
    }
  }
  return calls;
}

Names MatchesIn(const std::string& text, const std::regex& pattern) {
  Names names;
  for (std::sregex_iterator match(text.begin(), text.end(), pattern), end; match != end; ++match)
    names.insert((*match)[1].str());
  return names;
}

// Every call must have its event's name, or names, written out: whoever looks for one finds it.
Names EventsOf(const std::filesystem::path& file) {
  static const std::regex kEvent(R"re("([^"]*)")re");
  Names events;
  for (const std::string& call : CallsIn(ReadText(ProjectFolder() / "src" / file))) {
    Names named = MatchesIn(call, kEvent);
    EXPECT_FALSE(named.empty()) << file << " logs an event without a name of its own: " << call;
    events.merge(named);
  }
  return events;
}

TEST(LogEvents, AreTheOnesThatTheDocumentationExplains) {
  Names logged;
  for (const auto& file : test::SourceFiles()) {
    if (!IsTest(file) && file.parent_path() != "telemetry") logged.merge(EventsOf(file));
  }
  ASSERT_FALSE(logged.empty());
  static const std::regex kName(R"((\w+))");
  Names documented;
  for (const auto& row :
       test::MarkdownTable(ReadText(ProjectFolder() / "docs" / "operations.md"), "event", "means"))
    documented.merge(MatchesIn(row.at(0), kName));
  EXPECT_THAT(documented, testing::ContainerEq(logged));
}

}  // namespace
}  // namespace deadletter
