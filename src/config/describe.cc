#include "config/config.h"
#include "config/keys.h"

namespace deadletter {
namespace {

// "broker.url" -> "broker"; "" for a key of the top level.
std::string SectionOf(const std::string& name) {
  const size_t dot = name.find('.');
  return dot == std::string::npos ? "" : name.substr(0, dot);
}

std::string NameWithin(const std::string& name) {
  const size_t dot = name.find('.');
  return dot == std::string::npos ? name : name.substr(dot + 1);
}

std::string Line(const std::string& name, const std::string& value, const std::string& origin) {
  if (value.empty()) return "# " + name + ": none\n";
  return name + " = " + value + (origin.empty() ? "" : "  # " + origin) + "\n";
}

std::string OriginOf(const Config& config, const std::string& key) {
  const auto origin = config.origins.find(key);
  return origin == config.origins.end() ? "" : origin->second;
}

// Retry keys say something only where the verdict is to retry.
bool IsShown(const std::string& key, const Rule& rule) {
  return rule.verdict == VerdictKind::kRetry || !key.starts_with("policy.retry.");
}

bool IsShown(const std::string&, const QueueConfig&) {
  return true;
}

template <class Owner>
std::string DescribeItems(const std::string& section, const std::vector<Key<Owner>>& keys,
                          const std::vector<Owner>& items) {
  std::string text;
  for (const Owner& item : items) {
    text += "\n[[" + section + "]]\n";
    for (const Key<Owner>& key : keys) {
      const std::string value = key.show(item);
      if (!value.empty() && IsShown(key.name, item)) text += Line(NameWithin(key.name), value, "");
    }
  }
  return text;
}

}  // namespace

std::string DescribeConfig(const Config& config) {
  std::string text = "# " + std::string(PairName(config.pair)) + " pair; " +
                     (config.file ? "read from " + *config.file : "no configuration file") + "\n";
  std::string section;
  for (const Key<Config>& key : ConfigKeys()) {
    if (SectionOf(key.name) != section) {
      section = SectionOf(key.name);
      text += "\n[" + section + "]\n";
    }
    text += Line(NameWithin(key.name), key.show(config), OriginOf(config, key.name));
  }
  return text + DescribeItems("queue", QueueKeys(), config.queues) +
         DescribeItems("policy", PolicyKeys(), config.policies);
}

}  // namespace deadletter
