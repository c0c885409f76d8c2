#include "operations/token_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/rfc3339.h"
#include "base/text.h"

namespace deadletter {
namespace {

constexpr std::string_view kDigestPrefix = "sha256:";
// Found by whoever looks for secrets in places where none should be.
constexpr std::string_view kTokenPrefix = "dlt_";
constexpr std::size_t kTokenBytes = 32;
constexpr std::string_view kHead =
    "# Access tokens of deadletter: NAME ROLE sha256:DIGEST CREATED. A line that is taken out\n"
    "# ends its token at once. `deadletter token new` adds one.\n";

// Closes what it holds.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return number_; }
  [[nodiscard]] bool IsOpen() const { return number_ >= 0; }

 private:
  int number_;
};

std::string WhatFailed() {
  return std::strerror(errno);
}

std::int64_t Nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

std::vector<std::string_view> Words(std::string_view line) {
  std::vector<std::string_view> words;
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t start = line.find_first_not_of(" \t\r", at);
    if (start == std::string_view::npos) break;
    at = std::min(line.find_first_of(" \t\r", start), line.size());
    words.push_back(line.substr(start, at - start));
  }
  return words;
}

std::optional<SecretDigest> ReadDigest(std::string_view word) {
  if (!word.starts_with(kDigestPrefix)) return std::nullopt;
  const auto bytes = FromHex(word.substr(kDigestPrefix.size()));
  SecretDigest digest{};
  if (!bytes || bytes->size() != digest.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), digest.begin());
  return digest;
}

// Never quotes the line: somebody may have put a token into it.
Result<TokenEntry> ReadLine(const std::vector<std::string_view>& words) {
  if (words.size() != 3 && words.size() != 4) return Fail("is not NAME ROLE sha256:DIGEST CREATED");
  if (!IsTokenName(words[0])) {
    return Fail("begins with no name: 1 to 64 of A-Z, a-z, 0-9, '.', '_', '-' and '@'");
  }
  const auto role = RoleFromName(words[1]);
  if (!role) return Fail("names no role: viewer, operator or admin");
  const auto digest = ReadDigest(words[2]);
  if (!digest) return Fail("has no digest: sha256: and 64 hexadecimal digits");
  return TokenEntry{.caller = {.name = std::string(words[0]), .role = *role}, .digest = *digest};
}

std::optional<std::string> ProblemWith(const TokenList& list, const TokenEntry& entry) {
  if (list.entries.size() == kMaxTokens) return fmt::format("is one of more than {}", kMaxTokens);
  for (const TokenEntry& other : list.entries) {
    if (other.caller.name == entry.caller.name)
      return "has the name of an earlier line, '" + entry.caller.name +
             "': give it another name, or remove that line";
    if (other.digest == entry.digest) return "has a digest that an earlier line has";
  }
  return std::nullopt;
}

Result<void> WriteAll(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return Fail(WhatFailed());
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

std::filesystem::path FolderOf(const std::string& path) {
  const auto folder = std::filesystem::path(path).parent_path();
  return folder.empty() ? "." : folder;
}

// An existing file keeps its owner, where we may give it to him.
void KeepOwner(const std::string& path, int file) {
  struct stat old{};
  if (::stat(path.c_str(), &old) == 0 && (old.st_uid != ::geteuid() || old.st_gid != ::getegid())) {
    [[maybe_unused]] const int given = ::fchown(file, old.st_uid, old.st_gid);
  }
}

Result<void> Replace(const std::string& path, std::string_view text) {
  std::string temporary = path + ".XXXXXX";
  const Descriptor file(::mkostemp(temporary.data(), O_CLOEXEC));  // mode 0600
  if (!file.IsOpen()) return Fail(WhatFailed());
  KeepOwner(path, file.get());
  auto written = WriteAll(file.get(), text);
  if (written && ::fsync(file.get()) != 0) written = Fail(WhatFailed());
  if (written && ::rename(temporary.c_str(), path.c_str()) != 0) written = Fail(WhatFailed());
  if (!written) ::unlink(temporary.c_str());
  return written;
}

Unexpected<Error> Unwritable(const std::string& path, const std::string& why) {
  return Fail("cannot write " + path + ": " + why);
}

}  // namespace

bool IsTokenName(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("._-@").find(c) != std::string_view::npos;
  };
  return !name.empty() && name.size() <= kMaxTokenNameBytes && std::ranges::all_of(name, fits) &&
         name != kLocalCaller;
}

TokenList ParseTokenFile(std::string_view text) {
  TokenList list;
  for (int number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::vector<std::string_view> words = Words(line);
    if (words.empty() || words.front().starts_with('#')) continue;
    auto entry = ReadLine(words);
    const auto problem = entry ? ProblemWith(list, *entry) : entry.error().message;
    if (problem) {
      list.problems.push_back(fmt::format("line {} {}", number, *problem));
    } else {
      list.entries.push_back(std::move(*entry));
    }
  }
  return list;
}

std::optional<FileStamp> StampOf(const std::string& path) {
  struct stat found{};
  if (::stat(path.c_str(), &found) != 0) return std::nullopt;
  return FileStamp{.device = found.st_dev,
                   .inode = found.st_ino,
                   .size_bytes = found.st_size,
                   .modified_ns = Nanoseconds(found.st_mtim),
                   .changed_ns = Nanoseconds(found.st_ctim)};
}

Result<std::string> ReadTokenFile(const std::string& path) {
  // What is no file must not keep us waiting: a pipe would.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.IsOpen()) return Fail(path + " cannot be read: " + WhatFailed());
  struct stat found{};
  if (::fstat(file.get(), &found) != 0) return Fail(path + " cannot be read: " + WhatFailed());
  if (!S_ISREG(found.st_mode)) return Fail(path + " is no file");
  if ((found.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return Fail(path + " may be written by others than its owner: chmod go-w");
  }
  std::string text(kMaxTokenFileBytes + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t read = ::read(file.get(), text.data() + size, text.size() - size);
    if (read < 0 && errno == EINTR) continue;
    if (read < 0) return Fail(path + " cannot be read: " + WhatFailed());
    if (read == 0) break;
    size += static_cast<std::size_t>(read);
  }
  if (size > kMaxTokenFileBytes) {
    return Fail(fmt::format("{} is larger than {} KiB", path, kMaxTokenFileBytes >> 10));
  }
  text.resize(size);
  return text;
}

Result<std::string> AddToken(const std::string& path, const Caller& caller, Instant now) {
  if (!IsTokenName(caller.name)) {
    return Fail(
        "a token's name is 1 to 64 of A-Z, a-z, 0-9, '.', '_', '-' and '@', and not 'local'");
  }
  // The file itself is replaced, and so a lock on it would be a lock on what is gone.
  const Descriptor folder(::open(FolderOf(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.IsOpen() || ::flock(folder.get(), LOCK_EX) != 0)
    return Unwritable(path, WhatFailed());
  std::string text(kHead);
  if (StampOf(path)) {
    auto read = ReadTokenFile(path);
    if (!read) return Unexpected<Error>(read.error());
    text = std::move(*read);
    if (!text.empty() && !text.ends_with('\n')) text += '\n';
  }
  const TokenList list = ParseTokenFile(text);
  if (!list.problems.empty()) return Fail(path + ": " + list.problems.front());
  std::string token = std::string(kTokenPrefix) + RandomText(kTokenBytes);
  const TokenEntry entry{.caller = caller, .digest = DigestOfSecret(token)};
  if (const auto problem = ProblemWith(list, entry)) return Fail(path + ": the token " + *problem);
  const std::string_view digest(reinterpret_cast<const char*>(entry.digest.data()),
                                entry.digest.size());
  text += fmt::format("{} {} {}{} {}\n", caller.name, RoleName(caller.role), kDigestPrefix,
                      Hex(digest), FormatRfc3339(now, 0));
  if (text.size() > kMaxTokenFileBytes) return Fail(path + " is full");
  if (auto replaced = Replace(path, text); !replaced)
    return Unwritable(path, replaced.error().message);
  ::fsync(folder.get());  // so that the new name is there after a power cut, too
  return token;
}

}  // namespace deadletter
