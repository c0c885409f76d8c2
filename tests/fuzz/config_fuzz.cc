// The configuration: any file and any environment become one value or one line that says where it
// is wrong; and what is described can be given back.
#include <algorithm>
#include <vector>

#include "base/text.h"
#include "config/config.h"
#include "tests/fuzz/memory_file.h"
#include "tests/fuzz/target.h"

namespace deadletter::fuzz {
namespace {

std::string_view Cut(std::string_view& text, char separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view front = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return front;
}

bool BeginsWithALine(std::string_view text, const std::string& path) {
  if (!text.starts_with(path + ":")) return false;
  text.remove_prefix(path.size() + 1);
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  return digits > 0 && text.substr(digits).starts_with(": ");
}

// The file, then a NUL, then lines of NAME=VALUE.
class Sources {
 public:
  explicit Sources(std::string_view input) {
    file_.Write(Cut(input, '\0'));
    sources_.config_path = file_.path();
    sources_.working_dir = "";
    sources_.system_file = "";
    while (!input.empty()) {
      std::string_view line = Cut(input, '\n');
      AddVariable("DEADLETTER_" + std::string(Cut(line, '=')), line);
    }
  }

  [[nodiscard]] Result<Config> Load() const { return LoadConfig(sources_); }
  [[nodiscard]] const std::string& path() const { return file_.path(); }

 private:
  // What is read from a file of the machine's is read from one of ours.
  void AddVariable(const std::string& name, std::string_view value) {
    if (name == "DEADLETTER_CONFIG" || name.find('\0') != std::string::npos) return;
    if (name.ends_with("_FILE")) {
      secret_.Write(value);
      sources_.environment[name] = secret_.path();
    } else {
      sources_.environment[name] = value;
    }
  }

  MemoryFile file_;
  MemoryFile secret_;
  ConfigSources sources_;
};

void CheckError(const std::string& message, const std::string& path) {
  Require(IsOneShownLine(message), "an error is one line that can be shown");
  Require(BeginsWithALine(message, path) || message.starts_with("DEADLETTER_"),
          "an error names the file and the line, or the variable");
}

std::string DescriptionOf(Config config) {
  config.origins.clear();  // the comments behind the values
  config.file.reset();
  return DescribeConfig(config);
}

void CheckThatItComesBack(const Config& config) {
  const std::string description = DescriptionOf(config);
  static MemoryFile file;
  file.Write(description);
  ConfigSources sources;
  sources.config_path = file.path();
  const auto again = LoadConfig(sources);
  // A password that is hidden is not there any more, and a user without one may not be allowed.
  if (!again && description.find("***") != std::string::npos) return;
  Require(again.has_value(),
          "what is described can be loaded: " + (again ? std::string() : again.error().message));
  Require(DescriptionOf(*again) == description, "what is loaded from a description means the same");
}

// What the rest of the program stands on, whatever was asked for.
void CheckWhole(const Config& config) {
  Require(!config.queues.empty(), "there is a queue to consume");
  for (const QueueConfig& queue : config.queues) {
    Require(!queue.name.empty() && !queue.consumer_tag.empty() && queue.prefetch > 0,
            "a queue has a name, a consumer tag and a prefetch");
  }
  Require(config.intake.batch_letters > 0 && config.intake.max_buffered_bytes > 0,
          "limits are not nought (P9)");
  for (const std::string& status : config.executions.failable) {
    const auto& finals = config.executions.final_statuses;
    Require(std::ranges::find(finals, status) == finals.end(),
            "no final status can be overwritten (P2)");
  }
  Require(config.broker.urls.empty() == config.ledger.url.empty(), "broker and ledger are a pair");
  for (const std::string& warning : config.warnings)
    Require(IsOneShownLine(warning), "a warning is one line that can be shown");
}

void Configuration(std::string_view input) {
  const Sources sources(input);
  const auto config = sources.Load();
  const auto again = sources.Load();
  Require(config.has_value() == again.has_value(), "the same sources, the same answer");
  if (!config) {
    Require(config.error() == again.error(), "the same sources, the same error");
    return CheckError(config.error().message, sources.path());
  }
  CheckWhole(*config);
  Require(DescribeConfig(*config) == DescribeConfig(*again), "the same sources, the same value");
  CheckThatItComesBack(*config);
}

const Registration kRegistration("config", Configuration);

}  // namespace
}  // namespace deadletter::fuzz
