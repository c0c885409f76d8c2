// The access tokens that there are now: read from their file, and again whenever it has changed.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "operations/token_file.h"

namespace deadletter {

// Safe from any thread.
class Tokens {
 public:
  // Fails where the file cannot be read or has a line that cannot be: at the start somebody is
  // there to mend it. The error is one line that names the file. `clock` outlives it.
  [[nodiscard]] static Result<std::unique_ptr<Tokens>> Open(const std::string& path,
                                                            const Clock& clock);

  // Whose token it is; nothing where it is nobody's. The file is looked at with each call: a token
  // that was taken out is nobody's from the next call on. Every entry is compared, whichever fits.
  //
  // Where the file cannot be read any more nobody is known (the error says why); a line that cannot
  // be read does not count. Either is logged once.
  [[nodiscard]] Result<std::optional<Caller>> Find(std::string_view token);
  // The same for whoever keeps no token.
  [[nodiscard]] Result<std::optional<Caller>> Find(const SecretDigest& digest);

 private:
  Tokens(std::string path, const Clock& clock);
  void ReadAgain(const std::optional<FileStamp>& stamp);
  [[nodiscard]] bool IsSettled(const FileStamp& stamp) const;

  const std::string path_;
  const Clock& clock_;
  std::mutex mutex_;
  std::optional<FileStamp> stamp_;  // of what was read
  bool settled_ = false;  // a change after the reading shows in the stamp, however soon it came
  std::vector<TokenEntry> entries_;
  std::string unreadable_;  // why there are none; empty: they are as the file says
  std::vector<std::string> problems_;
};

}  // namespace deadletter
