// Every metric that we expose, in one place. Names begin with deadletter_; the label `queue` is
// always a configured dead letter queue, so that hostile names cannot multiply series.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "letter/death.h"
#include "letter/outcome.h"

namespace deadletter {

// The label values that are known before anything happens.
struct ExpectedLabels {
  std::vector<std::string> queues;
  std::vector<std::string_view> causes;  // of a settle that failed, of a pause
  std::vector<std::string_view> publish_outcomes;
  std::vector<std::string_view> replay_ends;
};

// Some of them as numbers, for whoever shows them elsewhere. What nobody has told yet is not there.
struct Figures {
  std::int64_t received = 0;
  std::int64_t settled = 0;
  std::map<Outcome, std::int64_t> settled_by_outcome;  // every one
  std::map<LetterState, std::int64_t> ledger_letters;
  std::map<std::string, std::int64_t> queue_messages;
  std::optional<std::int64_t> outbox_pending;
  std::optional<std::int64_t> uncounted_letters;
};

// Safe from any thread. Strings are label values from closed sets of ours.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // Has their series stand at 0 from the start: whoever watches for the first one of something
  // must have a number to compare it with. Depths are not among them: what nobody has counted yet
  // is not 0.
  void Expect(const ExpectedLabels& labels);

  void LetterReceived(const std::string& queue, Reason reason);
  void LetterRedelivered();
  void LetterPossibleDuplicate();
  void LetterSettled(const std::string& queue, Outcome outcome);
  void LetterAge(std::chrono::microseconds death_to_settled);
  void BatchSettled(std::size_t letters, std::chrono::microseconds took);
  void SettleError(std::string_view cause);
  void EventsPublished(std::string_view outcome, std::int64_t count);

  void Replayed(std::string_view end, std::int64_t letters);

  void SetUnacked(const std::string& queue, std::int64_t letters);
  void SetQueueMessages(const std::string& queue, std::int64_t messages);
  void SetOutbox(std::int64_t pending, std::chrono::microseconds oldest);
  void SetIntakePaused(const std::string& queue, std::string_view cause, bool paused);
  void SetBrokerConnected(bool connected);
  void SetLedgerConnected(bool connected);
  void SetLedgerLetters(LetterState state, std::int64_t letters);
  void SetLedgerBytes(std::int64_t bytes);
  void SetUncountedLetters(std::int64_t letters);
  void SetUnindexedLetters(std::int64_t letters);

  // What SetQueueMessages() was last told, by queue.
  [[nodiscard]] std::map<std::string, std::int64_t> QueueMessages() const;
  [[nodiscard]] Figures Show() const;

  // The Prometheus text format, version 0.0.4.
  [[nodiscard]] std::string Expose() const;

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace deadletter
