#include "tests/structure/source_tree.h"

#include <algorithm>
#include <fstream>
#include <regex>
#include <sstream>
#include <stdexcept>

#include "tests/folders.h"

namespace deadletter::test {
namespace {

std::string Trimmed(std::string text) {
  std::erase(text, '`');
  const size_t first = text.find_first_not_of(' ');
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

// The cells of "| a | b |"; empty where the line is no row. "\|" within a cell is a bar.
std::vector<std::string> Cells(const std::string& line) {
  std::vector<std::string> cells;
  if (!line.starts_with('|')) return cells;
  std::string cell;
  for (size_t at = 1; at < line.size(); ++at) {
    if (line[at] == '\\' && at + 1 < line.size() && line[at + 1] == '|') {
      cell += line[++at];
    } else if (line[at] == '|') {
      cells.push_back(Trimmed(cell));
      cell.clear();
    } else {
      cell += line[at];
    }
  }
  return cells;
}

std::set<std::string> ReadTests() {
  static const std::regex kTest(
      R"(\b(?:TEST|TEST_F|TEST_P|RC_GTEST_PROP)\(\s*(\w+),\s*(\w+)\s*[,)])");
  std::set<std::string> names;
  for (const char* folder : {"src", "tests"}) {
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(ProjectFolder() / folder)) {
      const auto extension = entry.path().extension();
      if (extension != ".cc" && extension != ".h") continue;
      const std::string text = ReadText(entry.path());
      for (std::sregex_iterator match(text.begin(), text.end(), kTest), end; match != end; ++match)
        names.insert((*match)[1].str() + "." + (*match)[2].str());
    }
  }
  return names;
}

}  // namespace

std::filesystem::path ProjectFolder() {
  return DEADLETTER_SOURCE_DIR;
}

std::string ReadText(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::filesystem::path> SourceFiles() {
  const std::filesystem::path root = ProjectFolder() / "src";
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    const auto extension = entry.path().extension();
    if (extension == ".h" || extension == ".cc")
      files.push_back(entry.path().lexically_relative(root));
  }
  std::sort(files.begin(), files.end());
  return files;
}

const std::set<std::string>& TestsInTheSources() {
  static const std::set<std::string> kTests = ReadTests();
  return kTests;
}

std::vector<Include> IncludesOf(const std::string& text) {
  static const std::regex kInclude(R"(^\s*#\s*include\s*([<"])([^">]+)[">])");
  std::vector<Include> includes;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.find('#') == std::string::npos) continue;
    std::smatch match;
    if (std::regex_search(line, match, kInclude)) includes.push_back({match[2], match[1] == "\""});
  }
  return includes;
}

std::vector<std::vector<std::string>> MarkdownTable(const std::string& text,
                                                    const std::string& first,
                                                    const std::string& second) {
  std::vector<std::vector<std::string>> rows;
  bool inside = false;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto cells = Cells(line);
    if (cells.size() >= 2 && cells[0] == first && cells[1] == second) {
      inside = true;
    } else if (cells.empty()) {
      inside = false;
    } else if (inside && !cells[0].starts_with("---")) {
      rows.push_back(cells);
    }
  }
  return rows;
}

Permissions ReadPermissions(const std::string& text, const std::string& first,
                            const std::string& second) {
  Permissions permissions;
  for (const auto& row : MarkdownTable(text, first, second)) {
    std::istringstream words(row.at(1));
    std::set<std::string>& allowed = permissions[row.at(0)];
    for (std::string word; words >> word;) allowed.insert(word);
  }
  return permissions;
}

std::string OwningFolder(const std::filesystem::path& path, const Permissions& folders) {
  for (std::filesystem::path folder = path; !folder.empty(); folder = folder.parent_path()) {
    if (folders.contains(folder.string())) return folder.string();
    if (folder == folder.parent_path()) break;
  }
  return "";
}

}  // namespace deadletter::test
