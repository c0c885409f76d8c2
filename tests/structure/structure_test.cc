// The source keeps to the shape that src/README.md draws.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>

#include "config/keys.h"
#include "tests/structure/source_tree.h"

namespace deadletter {
namespace {

using test::MarkdownTable;
using test::OwningFolder;
using test::Permissions;
using test::ProjectFolder;
using test::ReadPermissions;
using test::ReadText;
using test::SourceFiles;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

std::string SourceReadme() {
  return ReadText(ProjectFolder() / "src" / "README.md");
}

const Permissions& Folders() {
  static const Permissions folders = ReadPermissions(SourceReadme(), "folder", "may include");
  return folders;
}

// Tests, and headers that say in their name that they are for tests.
bool IsForTests(const std::filesystem::path& file) {
  static const std::regex kName(R"((.*_)?(test|pgtest|rmqtest)(_.*)?\.(cc|h))");
  return std::regex_match(file.filename().string(), kName);
}

TEST(Structure, EveryFolderIsInTheTableAndEveryRowOfTheTableIsAFolder) {
  ASSERT_THAT(Folders(), Not(IsEmpty()));
  for (const auto& file : SourceFiles()) {
    EXPECT_NE(OwningFolder(file.parent_path(), Folders()), "") << file;
  }
  for (const auto& [folder, allowed] : Folders()) {
    EXPECT_TRUE(std::filesystem::is_directory(ProjectFolder() / "src" / folder)) << folder;
    for (const std::string& other : allowed) {
      EXPECT_TRUE(Folders().contains(other) || other == "deadletter")
          << folder << " may include " << other;
    }
  }
}

TEST(Structure, EveryFolderIsDescribed) {
  const auto described = MarkdownTable(SourceReadme(), "folder", "what it is");
  EXPECT_THAT(described, SizeIs(Folders().size()));
  for (const auto& row : described) EXPECT_TRUE(Folders().contains(row.at(0))) << row.at(0);
}

TEST(Structure, AFolderIncludesOnlyWhatTheTableAllows) {
  for (const auto& file : SourceFiles()) {
    const std::string folder = OwningFolder(file.parent_path(), Folders());
    for (const auto& include : test::IncludesOf(ReadText(ProjectFolder() / "src" / file))) {
      if (!include.quoted) continue;
      const std::filesystem::path target(include.target);
      if (IsForTests(file) && include.target.starts_with("tests/support/")) continue;
      const bool is_public = include.target.starts_with("deadletter/");
      const std::string other =
          is_public ? "deadletter" : OwningFolder(target.parent_path(), Folders());
      EXPECT_TRUE(other == folder || Folders().at(folder).contains(other))
          << "src/" << file.string() << " includes \"" << include.target
          << "\", but src/README.md does not let " << folder << " include "
          << (other.empty() ? "that" : other);
    }
  }
}

// What lists, shows and changes letters cannot reach a queue: it does not know that there are any.
TEST(Structure, P7_OfTheOperationsOnlyThoseOfWorkersKnowTheBroker) {
  const auto is_work = [](const std::filesystem::path& file) {
    const std::string name = file.filename().string();
    return name.starts_with("work") || name.starts_with("submission") ||
           name.starts_with("delivery_json");
  };
  for (const auto& file : SourceFiles()) {
    if (file.parent_path() != "operations" || is_work(file)) continue;
    for (const auto& include : test::IncludesOf(ReadText(ProjectFolder() / "src" / file))) {
      if (!include.quoted) continue;
      const std::filesystem::path target(include.target);
      const bool is_known = target.parent_path() == "operations" && is_work(target);
      EXPECT_FALSE(is_known || target.parent_path() == "broker")
          << "src/" << file.string() << " includes \"" << include.target << "\"";
    }
  }
}

TEST(Structure, TheTableHasNoCycle) {
  for (const auto& [folder, allowed] : Folders()) {
    std::set<std::string> reached = allowed;
    std::vector<std::string> open(allowed.begin(), allowed.end());
    while (!open.empty()) {
      const auto next = Folders().find(open.back());
      open.pop_back();
      if (next == Folders().end()) continue;
      for (const std::string& one : next->second) {
        if (reached.insert(one).second) open.push_back(one);
      }
    }
    EXPECT_FALSE(reached.contains(folder)) << folder;
  }
}

TEST(Structure, AClientLibraryIsIncludedByItsOwnersOnly) {
  const Permissions owners = ReadPermissions(SourceReadme(), "header", "only in");
  ASSERT_THAT(owners, Not(IsEmpty()));
  for (const auto& file : SourceFiles()) {
    const std::string folder = OwningFolder(file.parent_path(), Folders());
    for (const auto& include : test::IncludesOf(ReadText(ProjectFolder() / "src" / file))) {
      for (const auto& [header, folders] : owners) {
        if (include.quoted || !include.target.starts_with(header)) continue;
        EXPECT_TRUE(folders.contains(folder))
            << "src/" << file.string() << " includes <" << include.target
            << ">, which src/README.md keeps to others";
      }
    }
  }
}

TEST(Structure, EveryHeaderIsGuarded) {
  for (const auto& file : SourceFiles()) {
    if (file.extension() != ".h") continue;
    EXPECT_NE(ReadText(ProjectFolder() / "src" / file).find("\n#pragma once\n"), std::string::npos)
        << file;
  }
}

TEST(Structure, NoFileIsTooLongToReadInOneGo) {
  constexpr auto kMaxLines = 450;
  for (const auto& file : SourceFiles()) {
    const std::string text = ReadText(ProjectFolder() / "src" / file);
    EXPECT_LE(std::count(text.begin(), text.end(), '\n'), kMaxLines) << file;
  }
}

std::set<std::string> FilesIn(const std::string& folder) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(ProjectFolder() / "src" / folder)) {
    names.insert(entry.path().filename().string());
  }
  return names;
}

TEST(Structure, MigrationsAreTwins) {
  const auto names = FilesIn("ledger/postgres/migrations");
  EXPECT_THAT(names, Not(IsEmpty()));
  EXPECT_EQ(names, FilesIn("ledger/sqlite/migrations"));
  int number = 0;
  for (const std::string& name : names) {
    EXPECT_THAT(name, testing::MatchesRegex("[0-9]{3}_[a-z0-9_]+\\.sql"));
    EXPECT_EQ(std::stoi(name), ++number) << name;
  }
}

struct DocumentedKey {
  std::string name;
  std::string default_value;
};

std::vector<DocumentedKey> DocumentedKeys() {
  const std::string text = ReadText(ProjectFolder() / "docs" / "configuration.md");
  std::vector<DocumentedKey> keys;
  for (const auto& row : MarkdownTable(text, "key", "default"))
    keys.push_back({row.at(0), row.at(1)});
  return keys;
}

std::set<std::string> KnownKeys() {
  std::set<std::string> names;
  const auto add = [&names](const auto& keys) {
    for (const auto& key : keys) names.insert(key.name);
  };
  add(ConfigKeys());
  add(QueueKeys());
  add(PolicyKeys());
  return names;
}

TEST(Documentation, HasEveryKeyOnceAndNoOther) {
  std::set<std::string> documented;
  for (const DocumentedKey& key : DocumentedKeys()) {
    EXPECT_TRUE(documented.insert(key.name).second) << key.name;
  }
  EXPECT_THAT(documented, testing::ContainerEq(KnownKeys()));
}

// "none", or the key's value as TOML; `owner` has every default.
template <class Owner>
void ExpectDefaults(const std::vector<Key<Owner>>& keys, const Owner& owner) {
  for (const DocumentedKey& documented : DocumentedKeys()) {
    for (const Key<Owner>& key : keys) {
      if (key.name != documented.name) continue;
      const std::string shown = key.show(owner);
      EXPECT_EQ(documented.default_value, shown.empty() ? "none" : shown) << key.name;
    }
  }
}

TEST(Documentation, TellsEveryDefaultAsItIs) {
  ConfigSources nothing;
  nothing.working_dir = "/nonexistent";
  nothing.system_file = "/nonexistent/deadletter.toml";
  const auto config = LoadConfig(nothing);
  ASSERT_TRUE(config) << config.error().message;
  ExpectDefaults(ConfigKeys(), *config);
  std::vector<Key<Rule>> retry_keys = PolicyKeys();
  std::erase_if(retry_keys,
                [](const Key<Rule>& key) { return !key.name.starts_with("policy.retry."); });
  ExpectDefaults(retry_keys, Rule());
}

// An example that our own loader refuses would be a poor one.
TEST(Documentation, EveryExampleLoads) {
  int examples = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(ProjectFolder() / "examples")) {
    if (entry.path().extension() != ".toml") continue;
    ConfigSources sources;
    sources.config_path = entry.path().string();
    const auto config = LoadConfig(sources);
    EXPECT_TRUE(config) << config.error().message;
    ++examples;
  }
  EXPECT_GT(examples, 0);
}

}  // namespace
}  // namespace deadletter
