// What the tests of the configuration share.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "config/config.h"
#include "tests/support/temporary_folder.h"

namespace deadletter::test {

// Loads from a folder of its own: nothing of the machine's configuration reaches a test.
class ConfigLoader {
 public:
  ConfigLoader() {
    sources.working_dir = folder_.path();
    sources.system_file = folder_.path() / "system.toml";
  }

  // Writes the file that is found last, in the working folder.
  ConfigLoader& File(const std::string& text) { return Write("deadletter.toml", text); }

  ConfigLoader& Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name, std::ios::binary) << text;
    return *this;
  }

  [[nodiscard]] std::string PathOf(const std::string& name) const { return folder_ / name; }

  [[nodiscard]] Result<Config> Load() const { return LoadConfig(sources); }

  // The message; "" where there is no error. The folder's own name is shortened to "DIR".
  [[nodiscard]] std::string LoadError() const {
    const auto config = Load();
    return config ? "" : Shortened(config.error().message);
  }

  [[nodiscard]] std::string Shortened(std::string text) const {
    const std::string path = folder_.path().string();
    for (size_t at = text.find(path); at != std::string::npos; at = text.find(path)) {
      text.replace(at, path.size(), "DIR");
    }
    return text;
  }

  ConfigSources sources;

 private:
  TemporaryFolder folder_;
};

// What is loaded without an error; the defaults beside a failed expectation.
inline Config Loaded(const ConfigLoader& loader) {
  auto config = loader.Load();
  EXPECT_TRUE(config) << (config ? "" : config.error().message);
  return config ? *config : Config();
}
inline Config LoadedFrom(const std::string& text) {
  return Loaded(ConfigLoader().File(text));
}
inline std::string ErrorOf(const std::string& text) {
  return ConfigLoader().File(text).LoadError();
}

}  // namespace deadletter::test
