// What SQLite refused, by value.
#pragma once

#include <string>

#include "base/result.h"

namespace deadletter::sqlite {

struct DatabaseError {
  int code = 0;         // SQLite's extended result code
  std::string message;  // one line: what was attempted and SQLite's words

  // Somebody else held a lock for longer than the busy timeout, or, while the write-ahead log was
  // recovered, for longer than SQLite tries to begin reading (SQLITE_PROTOCOL, after about 10 s).
  [[nodiscard]] bool IsBusy() const;
};

template <class T>
using DatabaseResult = Result<T, DatabaseError>;

}  // namespace deadletter::sqlite
