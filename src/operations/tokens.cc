#include "operations/tokens.h"

#include <memory>
#include <utility>

#include "telemetry/log.h"

namespace deadletter {
namespace {

// File systems tell times in steps (ext4: 4 ms, some: 2 s). A file that was read within the step in
// which it was changed may change again without looking any different.
constexpr std::chrono::seconds kLongestStep{3};

}  // namespace

Tokens::Tokens(std::string path, const Clock& clock) : path_(std::move(path)), clock_(clock) {}

Result<std::unique_ptr<Tokens>> Tokens::Open(const std::string& path, const Clock& clock) {
  std::unique_ptr<Tokens> tokens(new Tokens(path, clock));
  const auto text = ReadTokenFile(path);
  if (!text) return Unexpected<Error>(text.error());
  const TokenList list = ParseTokenFile(*text);
  if (!list.problems.empty()) return Fail(path + ": " + list.problems.front());
  if (list.entries.empty()) LogWarning("tokens_unusable", {{"file", path}, {"why", "it is empty"}});
  return tokens;
}

bool Tokens::IsSettled(const FileStamp& stamp) const {
  const auto last = std::max(stamp.modified_ns, stamp.changed_ns);
  const Instant changed(std::chrono::duration_cast<Microseconds>(std::chrono::nanoseconds(last)));
  return clock_.Now() - changed > kLongestStep;
}

void Tokens::ReadAgain(const std::optional<FileStamp>& stamp) {
  settled_ = stamp && IsSettled(*stamp);
  stamp_ = stamp;
  const auto text = ReadTokenFile(path_);
  TokenList list = text ? ParseTokenFile(*text) : TokenList{};
  entries_ = std::move(list.entries);
  const std::string unreadable = text ? "" : text.error().message;
  if (unreadable != std::exchange(unreadable_, unreadable) && !unreadable.empty()) {
    LogError("tokens_unusable", {{"file", path_}, {"why", unreadable}});
  }
  if (list.problems == problems_) return;
  problems_ = std::move(list.problems);
  for (const std::string& problem : problems_)
    LogWarning("tokens_unusable", {{"file", path_}, {"why", problem}});
}

Result<std::optional<Caller>> Tokens::Find(std::string_view token) {
  return Find(DigestOfSecret(token));
}

Result<std::optional<Caller>> Tokens::Find(const SecretDigest& digest) {
  const std::scoped_lock lock(mutex_);
  const auto stamp = StampOf(path_);
  if (!settled_ || stamp != stamp_) ReadAgain(stamp);
  if (!unreadable_.empty()) return Fail(unreadable_);
  std::optional<Caller> found;
  for (const TokenEntry& entry : entries_) {
    if (EqualInConstantTime(entry.digest, digest)) found = entry.caller;
  }
  return found;
}

}  // namespace deadletter
