// Port: reading the ledger. Never touches a queue (P7).
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ledger/ledger_error.h"
#include "ledger/remarks.h"
#include "letter/letter.h"
#include "letter/outcome.h"

namespace deadletter {

// A search in what TextIndex holds (text_index.h).
struct TextQuestion {
  // Of WordsIn(), at least one, a space between them; all of them must stand in a letter.
  std::string words;
  std::string view;  // of Begin(): an index of another one finds nothing
};

// Every filter that is set must hold; text is compared exactly.
struct LetterFilter {
  std::optional<LetterState> state;
  std::optional<Outcome> outcome;
  std::optional<Reason> reason;
  std::optional<std::string> queue;  // where it died
  std::optional<std::string> type;
  std::optional<std::string> action;
  std::optional<std::string> execution_id;  // as text
  std::optional<std::string> worker_id;
  std::optional<GroupId> group;
  std::optional<Instant> since;  // received_at >=
  std::optional<Instant> until;  // received_at <
  std::optional<std::string> tag;
  std::optional<TextQuestion> text;
  // No condition: List() ends its page after about so long, wherever it is by then. Selections are
  // looked for to the end.
  std::chrono::milliseconds patience{2'000};
};

// `ids` where there are any, else whatever the filter holds for.
struct LetterSelection {
  std::vector<LetterId> ids;
  LetterFilter filter;
};

// A letter as lists show it. Strings may hold any bytes where the broker gave them.
struct LetterSummary {
  LetterId id;
  LetterState state = LetterState::kOpen;
  Outcome outcome = Outcome::kMalformed;
  std::string detail;
  Reason reason = Reason::kUnknown;
  std::string queue;
  std::string dead_letter_queue;
  std::string exchange;
  std::string routing_key;
  std::int64_t deaths = 0;
  std::optional<std::string> message_id;
  std::optional<std::string> correlation_id;
  std::optional<std::string> type;
  std::optional<std::string> action;
  std::optional<std::string> execution_id;
  std::optional<std::string> worker_id;
  GroupId group;
  std::optional<Instant> died_at;
  Instant received_at;
  Instant settled_at;
  bool redelivered = false;
  bool possible_duplicate = false;
  std::int64_t size_bytes = 0;  // of the body
  std::int64_t replays = 0;
};

struct LetterPage {
  std::vector<LetterSummary>
      letters;  // newest first: by id, descending, which is the order of receipt
  // The last id given, or up to where was looked, where there may be more: the next `after`.
  std::optional<LetterId> next;
  // Of a text search: so many letters are not indexed yet, which no search finds.
  std::optional<std::int64_t> unindexed;
  // Of a text search: the index is another view's, or became so meanwhile. No letter was found, or
  // not all that there are.
  bool is_of_another_view = false;
  // Of one that took too long: only letters since then, about, were looked at. There may be fewer
  // than were asked for, or none, and more from `next` on.
  std::optional<Instant> looked_to;
};

// A step in a letter's life.
struct LetterStep {
  Instant at;
  std::string what;  // an outcome's name, "closed", "event_published", …
  std::string detail;
};

struct LetterRecord {
  LetterSummary summary;
  std::string rule;  // the policy that decided; empty: none
  Message message;   // whole
  std::vector<LetterStep> history;
  std::vector<Note> notes;                           // in the order in which they were written
  std::vector<std::string> tags;                     // sorted by their bytes
  std::optional<ReplayId> in_replay = std::nullopt;  // that has not ended with it
};

struct LedgerCounts {
  std::map<LetterState, std::int64_t> letters;  // may lag behind by seconds
  std::int64_t bytes = 0;                       // on disk, near enough
};

// Threads: one makes the calls; only Abort() may come from any.
class Catalog {
 public:
  virtual ~Catalog() = default;
  // At most `limit` letters after (older than) `after`; without it from the newest.
  [[nodiscard]] virtual LedgerResult<LetterPage> List(const LetterFilter& filter, std::size_t limit,
                                                      std::optional<LetterId> after) = 0;
  [[nodiscard]] virtual LedgerResult<std::optional<LetterRecord>> Show(LetterId id) = 0;
  [[nodiscard]] virtual LedgerResult<LedgerCounts> Counts() = 0;
  // Ends a call in progress, and lets each later one fail with kUnavailable.
  virtual void Abort() = 0;
};

}  // namespace deadletter
