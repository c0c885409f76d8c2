#include "config/sections.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <span>

#include "base/text.h"
#include "config/keys.h"
#include "config/units.h"

namespace deadletter {
namespace {

struct Leaf {
  std::string name;  // whole: "broker.url"
  const RawValue* value;
};

// Where each key of one item was set.
using Origins = std::map<std::string, std::string>;

// A part of a name as TOML would write it, so that a quoted "a.b" is not taken for a key b of a
// section a.
std::string NamePart(const std::string& part) {
  const bool bare = !part.empty() && std::all_of(part.begin(), part.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '-';
  });
  return bare ? part : JsonString(DisplayText(part, limits::kShownValueBytes));
}

template <class Owner>
const Key<Owner>* FindKey(const std::vector<Key<Owner>>& keys, const std::string& name) {
  const auto found = std::find_if(keys.begin(), keys.end(),
                                  [&](const Key<Owner>& key) { return key.name == name; });
  return found == keys.end() ? nullptr : &*found;
}

// Some key's name goes on behind `name`.
template <class Owner>
bool IsSection(const std::vector<Key<Owner>>& keys, const std::string& name) {
  return std::any_of(keys.begin(), keys.end(),
                     [&](const Key<Owner>& key) { return key.name.starts_with(name + "."); });
}

// Goes down into sections that we know; everything else is a leaf, known or not.
template <class Owner>
void Flatten(const std::vector<Key<Owner>>& keys, const std::string& prefix,
             std::span<const RawEntry> table, std::vector<Leaf>& leaves) {
  for (const RawEntry& entry : table) {
    const std::string name = prefix + NamePart(entry.name);
    const auto* section = std::get_if<RawTable>(&entry.value.content);
    if (section != nullptr && IsSection(keys, name)) {
      Flatten<Owner>(keys, name + ".", *section, leaves);
    } else {
      leaves.push_back({name, &entry.value});
    }
  }
}

// The names that may stand where `name` stands.
template <class Owner>
std::string Siblings(const std::vector<Key<Owner>>& keys, const std::string& name) {
  const size_t dot = name.rfind('.');
  const std::string prefix = dot == std::string::npos ? "" : name.substr(0, dot + 1);
  std::set<std::string> names;
  if (prefix.empty()) names = {"[[policy]]", "[[queue]]"};
  for (const Key<Owner>& key : keys) {
    if (!key.name.starts_with(prefix)) continue;
    const std::string rest = key.name.substr(prefix.size());
    const size_t end = rest.find('.');
    const bool is_section = end != std::string::npos;
    names.insert(is_section && prefix.empty() ? "[" + rest.substr(0, end) + "]"
                                              : rest.substr(0, end));
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

template <class Owner>
Unexpected<Error> RefuseUnknown(const std::vector<Key<Owner>>& keys, const Leaf& leaf) {
  const std::string& origin = leaf.value->origin;
  if (IsSection(keys, leaf.name)) {
    return Fail(fmt::format("{}: {} is {}; allowed: a section with the keys {}", origin, leaf.name,
                            DescribeRaw(*leaf.value), Siblings(keys, leaf.name + ".")));
  }
  return Fail(fmt::format("{}: {} is no key; allowed here: {}", origin, leaf.name,
                          Siblings(keys, leaf.name)));
}

template <class Owner>
Result<Owner> ReadItem(const std::vector<Key<Owner>>& keys, const std::string& section,
                       const RawTable& table, Origins& origins) {
  std::vector<Leaf> leaves;
  Flatten<Owner>(keys, section + ".", table, leaves);
  Owner owner;
  for (const Leaf& leaf : leaves) {
    const Key<Owner>* key = FindKey(keys, leaf.name);
    if (key == nullptr) return RefuseUnknown(keys, leaf);
    if (auto read = key->read(*leaf.value, owner); !read) {
      return Fail(Complain(*key, *leaf.value, read.error().message));
    }
    origins[leaf.name] = leaf.value->origin;
  }
  return owner;
}

// The sections [[name]]; the message for a value that is none of them.
Result<const RawArray*> Sections(const RawEntry& entry, limits::Range<size_t> count) {
  const auto* array = std::get_if<RawArray>(&entry.value.content);
  const bool good = array != nullptr && array->size() >= count.min && array->size() <= count.max &&
                    std::all_of(array->begin(), array->end(), [](const RawValue& item) {
                      return std::holds_alternative<RawTable>(item.content);
                    });
  if (good) return array;
  const std::string value = array == nullptr ? DescribeRaw(entry.value)
                                             : fmt::format("a list of {} items", array->size());
  return Fail(fmt::format("{}: {} is {}; allowed: {} to {} sections [[{}]]", entry.value.origin,
                          entry.name, value, count.min, count.max, entry.name));
}

Unexpected<Error> RefuseMissing(const RawValue& item, const std::string& key,
                                const std::string& allowed) {
  return Fail(fmt::format("{}: {} is missing; allowed: {}", item.origin, key, allowed));
}

Unexpected<Error> RefuseTwice(const std::string& origin, const std::string& key,
                              const std::string& name) {
  return Fail(fmt::format("{}: {} is {}, which is there twice; allowed: different names", origin,
                          key, JsonString(DisplayText(name, limits::kShownValueBytes))));
}

Result<void> ReadQueues(const RawEntry& entry, Config& config) {
  const auto sections = Sections(entry, {1, limits::kQueues});
  if (!sections) return Unexpected<Error>(sections.error());
  std::set<std::string> names;
  for (const RawValue& item : **sections) {
    Origins origins;
    auto queue = ReadItem(QueueKeys(), "queue", std::get<RawTable>(item.content), origins);
    if (!queue) return Unexpected<Error>(queue.error());
    if (queue->name.empty()) return RefuseMissing(item, "queue.name", "a name of 1 to 255 bytes");
    if (!names.insert(queue->name).second) {
      return RefuseTwice(origins["queue.name"], "queue.name", queue->name);
    }
    config.queues.push_back(std::move(*queue));
  }
  return {};
}

// What a rule's keys must fulfil together.
Result<void> CheckRule(const Rule& rule, const Origins& origins) {
  for (const auto& [key, origin] : origins) {
    if (key.starts_with("policy.retry.") && rule.verdict != VerdictKind::kRetry) {
      return Fail(
          fmt::format("{}: {} is set for another verdict; allowed: only with verdict = \"retry\"",
                      origin, key));
    }
  }
  if (rule.retry.delay > rule.retry.max_delay) {
    const bool delay_is_set = origins.contains("policy.retry.delay");
    const std::string key = delay_is_set ? "policy.retry.delay" : "policy.retry.max_delay";
    return Fail(fmt::format(
        "{}: {}: the delay ({}) is longer than max_delay ({}); allowed: at most as long",
        origins.at(key), key, FormatDurationMs(rule.retry.delay.count()),
        FormatDurationMs(rule.retry.max_delay.count())));
  }
  return {};
}

Result<void> ReadPolicies(const RawEntry& entry, Config& config) {
  const auto sections = Sections(entry, {0, limits::kPolicies});
  if (!sections) return Unexpected<Error>(sections.error());
  std::set<std::string> names;
  for (const RawValue& item : **sections) {
    Origins origins;
    auto rule = ReadItem(PolicyKeys(), "policy", std::get<RawTable>(item.content), origins);
    if (!rule) return Unexpected<Error>(rule.error());
    for (const char* key : {"policy.name", "policy.verdict"}) {
      if (!origins.contains(key))
        return RefuseMissing(item, key, FindKey(PolicyKeys(), key)->allowed);
    }
    if (!names.insert(rule->name).second) {
      return RefuseTwice(origins["policy.name"], "policy.name", rule->name);
    }
    if (auto checked = CheckRule(*rule, origins); !checked) return checked;
    config.policies.push_back(std::move(*rule));
  }
  return {};
}

Result<void> ReadEntry(const RawEntry& entry, Config& config) {
  if (entry.name == "queue") return ReadQueues(entry, config);
  if (entry.name == "policy") return ReadPolicies(entry, config);
  std::vector<Leaf> leaves;
  Flatten(ConfigKeys(), "", std::span(&entry, 1), leaves);
  for (const Leaf& leaf : leaves) {
    const Key<Config>* key = FindKey(ConfigKeys(), leaf.name);
    if (key == nullptr) return RefuseUnknown(ConfigKeys(), leaf);
    if (auto read = ReadKey(*key, *leaf.value, config); !read) return read;
  }
  return {};
}

}  // namespace

Result<void> ReadSections(const RawTable& file, Config& config) {
  for (const RawEntry& entry : file) {
    if (auto read = ReadEntry(entry, config); !read) return read;
  }
  return {};
}

Result<void> ReadKey(const Key<Config>& key, const RawValue& raw, Config& config) {
  if (auto read = key.read(raw, config); !read) {
    return Fail(Complain(key, raw, read.error().message));
  }
  config.origins[key.name] = raw.origin;
  return {};
}

}  // namespace deadletter
