#include "config/toml_file.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "base/text.h"
#include "config/limits.h"

namespace deadletter {
namespace {

std::string Origin(const std::string& path, const toml::source_region& region) {
  return fmt::format("{}:{}", path, region.begin.line);
}

RawValue Convert(const toml::node& node, const std::string& path);

// The library sorts tables by name; errors are to come in the order of the file.
RawTable ConvertTable(const toml::table& table, const std::string& path) {
  struct Placed {
    toml::source_position place;
    RawEntry entry;
  };
  std::vector<Placed> placed;
  for (const auto& [key, node] : table) {
    placed.push_back({key.source().begin, {std::string(key.str()), Convert(node, path)}});
  }
  // No two keys stand in one place.
  std::sort(placed.begin(), placed.end(),
            [](const Placed& left, const Placed& right) { return left.place < right.place; });
  RawTable entries;
  for (Placed& one : placed) entries.push_back(std::move(one.entry));
  return entries;
}

RawArray ConvertArray(const toml::array& array, const std::string& path) {
  RawArray values;
  for (const toml::node& node : array) values.push_back(Convert(node, path));
  return values;
}

RawValue Convert(const toml::node& node, const std::string& path) {
  RawValue raw{RawDate{}, Origin(path, node.source())};
  if (const auto* text = node.as_string()) {
    raw.content = text->get();
  } else if (const auto* integer = node.as_integer()) {
    raw.content = integer->get();
  } else if (const auto* number = node.as_floating_point()) {
    raw.content = number->get();
  } else if (const auto* boolean = node.as_boolean()) {
    raw.content = boolean->get();
  } else if (const auto* array = node.as_array()) {
    raw.content = ConvertArray(*array, path);
  } else if (const auto* table = node.as_table()) {
    raw.content = ConvertTable(*table, path);
  }
  return raw;
}

}  // namespace

Result<std::string> ReadWholeFile(const std::filesystem::path& path, size_t max_bytes) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             &std::fclose);
  if (!file) return Fail(fmt::format("cannot read {}: {}", path.string(), std::strerror(errno)));
  std::string text(max_bytes + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  if (std::ferror(file.get()) != 0) {
    return Fail(fmt::format("cannot read {}: {}", path.string(), std::strerror(errno)));
  }
  if (text.size() > max_bytes) {
    return Fail(fmt::format("{} is larger than {} bytes", path.string(), max_bytes));
  }
  return text;
}

Result<RawTable> ReadTomlFile(const std::filesystem::path& path) {
  const auto text = ReadWholeFile(path, limits::kConfigFileBytes);
  if (!text) return Unexpected<Error>(text.error());
  return ReadToml(*text, path.string());
}

Result<RawTable> ReadToml(const std::string& text, const std::string& name) try {
  return ConvertTable(toml::parse(text), name);
} catch (const toml::parse_error& error) {
  return Fail(fmt::format("{}: not TOML: {}", Origin(name, error.source()),
                          JsonString(DisplayText(error.description(), 400))));
}

}  // namespace deadletter
