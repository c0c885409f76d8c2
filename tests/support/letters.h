// Letters and judgements made without a broker, for tests of the ledger: every field is set
// directly, nothing is read from a body.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "ledger/settlement.h"
#include "letter/letter.h"

namespace deadletter::test {

// A letter of an execution request that expired in "worker.7.executions", received now, with a key
// that no other letter of this process has. Each call tells how it differs.
class LetterBuilder {
 public:
  LetterBuilder();
  explicit LetterBuilder(ExecutionId execution_id);

  LetterBuilder& Body(std::string bytes);
  LetterBuilder& Header(std::string name, FieldValue value);
  LetterBuilder& Type(std::optional<std::string> type);
  LetterBuilder& Action(std::optional<std::string> action);
  LetterBuilder& MessageId(std::optional<std::string> id);
  LetterBuilder& WorkerId(std::optional<std::string> id);
  LetterBuilder& Queue(std::string queue);  // where it died
  LetterBuilder& RoutingKey(std::string key);
  LetterBuilder& DiedOf(Reason reason);
  LetterBuilder& ReceivedAt(Instant at);
  LetterBuilder& Group(std::uint8_t first_byte);
  // Belongs to the attempt whose row has this `updated`, to the microsecond, or to a wider window.
  LetterBuilder& Attempt(Instant updated, Microseconds width = Microseconds(1));
  LetterBuilder& Replay(ReplayId id);
  LetterBuilder& Key(std::uint64_t number);  // the same number, the same key
  LetterBuilder& NoKey();
  LetterBuilder& Redelivered();
  LetterBuilder& Malformed(Malformation malformation);

  [[nodiscard]] Letter Build() const { return letter_; }

 private:
  Letter letter_;
};

// What the handler would hand to settle.
[[nodiscard]] Judgement Fails(Letter letter, const std::string& failed_status = "failed");
[[nodiscard]] Judgement Fails(const LetterBuilder& letter,
                              const std::string& failed_status = "failed");
[[nodiscard]] Judgement Ends(Letter letter, Outcome outcome, std::string detail = "");
[[nodiscard]] Judgement Retries(Letter letter, ReplayId replay_id, Instant at);

// The judgement of a letter that came out of Settlement::TakeDue: `original` under its recorded id.
[[nodiscard]] Judgement Again(Judgement original, const DueLetter& due);

[[nodiscard]] ReplayId NewReplayId();
[[nodiscard]] Instant Now();

}  // namespace deadletter::test
