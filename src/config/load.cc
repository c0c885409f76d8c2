#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "config/complete.h"
#include "config/keys.h"
#include "config/sections.h"
#include "config/toml_file.h"

namespace deadletter {
namespace {

constexpr std::string_view kPrefix = "DEADLETTER_";
// Read elsewhere: by --config's default, by the commands that talk to a server, by the fault points
// of test builds.
const std::set<std::string> kOtherVariables = {"DEADLETTER_CONFIG", "DEADLETTER_SERVER",
                                               "DEADLETTER_TOKEN",  "DEADLETTER_CA_FILE",
                                               "DEADLETTER_FAULT",  "DEADLETTER_FAULT_FILE"};
constexpr std::string_view kFileSuffix = "_FILE";

// A variable's name may hold any bytes but "=".
std::string Shown(const std::string& name) {
  const bool plain = std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7f; });
  const std::string text = DisplayText(name, limits::kShownValueBytes);
  return plain ? text : JsonString(text);
}

class Loader {
 public:
  explicit Loader(const ConfigSources& sources) : sources_(sources), config_(DefaultConfig()) {}

  Result<Config> Load() {
    if (auto done = ApplyFile(); !done) return Unexpected<Error>(done.error());
    if (auto done = ApplyEnvironment(); !done) return Unexpected<Error>(done.error());
    if (auto done = ApplyFlags(); !done) return Unexpected<Error>(done.error());
    return CompleteConfig(std::move(config_));
  }

 private:
  // The file to read; one that was asked for by name must be there.
  std::optional<std::filesystem::path> FindFile() const {
    if (sources_.config_path) return *sources_.config_path;
    const auto variable = sources_.environment.find("DEADLETTER_CONFIG");
    if (variable != sources_.environment.end() && !variable->second.empty())
      return variable->second;
    const auto& folder = sources_.working_dir;
    for (const auto& path :
         {folder.empty() ? folder : folder / "deadletter.toml", sources_.system_file}) {
      if (path.empty()) continue;
      std::error_code ignored;  // what cannot be looked at is there: reading it says why
      if (std::filesystem::exists(path, ignored) || ignored) return path;
    }
    return std::nullopt;
  }

  Result<void> ApplyFile() {
    const auto path = FindFile();
    if (!path) return {};
    const auto table = ReadTomlFile(*path);
    if (!table) return Unexpected<Error>(table.error());
    config_.file = path->string();
    return ReadSections(*table, config_);
  }

  Result<void> ApplyEnvironment() {
    for (const auto& [name, text] : sources_.environment) {
      if (!name.starts_with(kPrefix) || kOtherVariables.contains(name)) continue;
      if (auto done = ApplyVariable(name, text); !done) return done;
    }
    return {};
  }

  Result<void> ApplyVariable(const std::string& name, const std::string& text) {
    if (const auto* key = FindByVariable(name)) {
      return ReadKey(*key, {RawText{text}, name}, config_);
    }
    if (name.ends_with(kFileSuffix)) {
      const std::string base = name.substr(0, name.size() - kFileSuffix.size());
      if (const auto* key = FindByVariable(base)) return ApplySecretFile(*key, base, name, text);
    }
    config_.warnings.push_back(fmt::format(
        "{}: no key that the environment can set is called so; docs/configuration.md lists them",
        Shown(name)));
    return {};
  }

  Result<void> ApplySecretFile(const Key<Config>& key, const std::string& base,
                               const std::string& name, const std::string& path) {
    if (sources_.environment.contains(base)) {
      return Fail(fmt::format("{}: {} is set too; allowed: one of the two", name, base));
    }
    auto text = ReadWholeFile(path, limits::kSecretFileBytes);
    if (!text) {
      return Fail(
          fmt::format("{}: {} {}; allowed: the path of a readable file that holds the value", name,
                      key.name, DisplayText(text.error().message, 400)));
    }
    if (text->ends_with('\n')) text->pop_back();
    if (text->ends_with('\r')) text->pop_back();
    return ReadKey(key, {RawText{std::move(*text)}, name, true}, config_);
  }

  Result<void> ApplyFlags() {
    for (const auto& [name, value] : sources_.flags) {
      const auto key = std::find_if(ConfigKeys().begin(), ConfigKeys().end(),
                                    [&](const Key<Config>& one) { return one.name == name; });
      if (key == ConfigKeys().end()) return Fail(fmt::format("{}: {} is no key", value.flag, name));
      if (key->is_list) {
        return Fail(fmt::format("{}: {} is a list; allowed: only in the file", value.flag, name));
      }
      if (auto done = ReadKey(*key, {RawText{value.text}, value.flag}, config_); !done) return done;
    }
    return {};
  }

  // Lists can be set in the file only.
  static const Key<Config>* FindByVariable(const std::string& name) {
    for (const Key<Config>& key : ConfigKeys()) {
      if (!key.is_list && VariableName(key.name) == name) return &key;
    }
    return nullptr;
  }

  const ConfigSources& sources_;
  Config config_;
};

}  // namespace

std::map<std::string, std::string> ReadEnvironment() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const size_t equals = text.find('=');
    if (!text.starts_with(kPrefix) || equals == std::string_view::npos) continue;
    variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

Result<Config> LoadConfig(const ConfigSources& sources) {
  return Loader(sources).Load();
}

}  // namespace deadletter
