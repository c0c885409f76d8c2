// Port: the words of letters, so that they are found by them. Filled behind settle; Catalog and
// everybody else who takes a LetterFilter searches it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/uuid.h"
#include "ledger/ledger_error.h"
#include "letter/letter.h"
#include "letter/message.h"

namespace deadletter {

struct UnindexedLetter {
  LetterId id;
  Message message;      // its body: the first kMaxSearchedBytes of it
  bool is_cut = false;  // there is more of the body
  // Not empty: why what is stored of it cannot be read. It is indexed without words.
  std::string unreadable;
};

struct IndexedLetter {
  LetterId id;
  std::vector<std::string> words;  // of WordsOf()
};

// What is to be indexed next, and how far it is.
struct IndexWork {
  std::vector<UnindexedLetter> letters;  // by id, or by the order of their commits
  std::int64_t unindexed = 0;            // of all letters, these included
  bool more = false;                     // there is more to look through at once
  bool is_ours = true;                   // false: the index is another view's by now
};

// Threads: one makes the calls; only Abort() may come from any. Several instances may index side by
// side: each letter has its words once, whoever dies at whatever line. No settle waits for any of
// it longer than for a small write of somebody else's.
class TextIndex {
 public:
  virtual ~TextIndex() = default;

  // `view` names what of a letter may be found (Redaction::ViewName()). Where it is not what the
  // index was made of, nothing in it is found from now on, and every letter is indexed anew.
  [[nodiscard]] virtual LedgerResult<void> Begin(const std::string& view) = 0;

  // Letters that are not indexed, at most `max_letters` of them and about `max_bytes` of bodies.
  [[nodiscard]] virtual LedgerResult<IndexWork> Next(std::size_t max_letters, std::size_t max_bytes,
                                                     Instant now) = 0;

  // One transaction; `letters` in the order in which Next() gave them, from the first one on.
  // False, and nothing is written: the index is another view's by now. kLetter: one of them cannot
  // be written as it is.
  [[nodiscard]] virtual LedgerResult<bool> Add(std::span<const IndexedLetter> letters) = 0;

  // Ends a call in progress, and lets each later one fail with kUnavailable.
  virtual void Abort() = 0;
};

// Letters' ids are of version 7: they begin with the millisecond in which the letter was received.
[[nodiscard]] Uuid FirstIdAt(Instant instant);      // the earliest that anything has then
[[nodiscard]] Instant InstantOfId(const Uuid& id);  // that millisecond
[[nodiscard]] Uuid IdAfter(Uuid id);                // the least that is greater; none: the same

}  // namespace deadletter
