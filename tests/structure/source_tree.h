// The source tree as the structure tests see it: files, their includes, and the tables of
// src/README.md.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace deadletter::test {

[[nodiscard]] std::filesystem::path ProjectFolder();
[[nodiscard]] std::string ReadText(const std::filesystem::path& path);

// .h and .cc files below src/, relative to it, sorted.
[[nodiscard]] std::vector<std::filesystem::path> SourceFiles();

// "Suite.Name" of every TEST, TEST_F, TEST_P and RC_GTEST_PROP in src/ and tests/.
[[nodiscard]] const std::set<std::string>& TestsInTheSources();

struct Include {
  std::string target;  // between the quotes or brackets
  bool quoted = false;
};
[[nodiscard]] std::vector<Include> IncludesOf(const std::string& text);

// The cells of every row of the Markdown table whose heading's first two cells are these; backticks
// taken away.
[[nodiscard]] std::vector<std::vector<std::string>> MarkdownTable(const std::string& text,
                                                                  const std::string& first,
                                                                  const std::string& second);

using Permissions = std::map<std::string, std::set<std::string>>;
// A table of two columns as names and the words they allow.
[[nodiscard]] Permissions ReadPermissions(const std::string& text, const std::string& first,
                                          const std::string& second);

// The longest name among `folders` that is `path` or a folder above it; "" where there is none.
[[nodiscard]] std::string OwningFolder(const std::filesystem::path& path,
                                       const Permissions& folders);

}  // namespace deadletter::test
