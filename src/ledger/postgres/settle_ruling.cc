#include "ledger/postgres/settle_ruling.h"

#include "base/text.h"

namespace deadletter::postgres {
namespace {

constexpr std::size_t kMaxRulingBytes = 2000;

std::string DetailOf(const Judgement& judgement, Outcome outcome) {
  if (judgement.fixed) return DisplayText(judgement.fixed->detail, kMaxRulingBytes);
  if (outcome == Outcome::kRetried) return DisplayText(judgement.rule, kMaxRulingBytes);
  return outcome == Outcome::kRefused ? "update_suppressed" : "";
}

}  // namespace

std::optional<std::vector<Ruling>> ReadRulings(const Rows& rows, std::span<const Judgement> batch,
                                               bool observes) {
  if (static_cast<std::size_t>(rows.size()) != batch.size()) return std::nullopt;
  std::vector<Ruling> rulings(batch.size());
  for (std::size_t index = 0; index < batch.size(); ++index) {
    const int row = static_cast<int>(index);
    const Judgement& judgement = batch[index];
    Ruling& ruling = rulings[index];
    ruling.is_fresh = rows.Bool(row, 0);
    if (!ruling.is_fresh) continue;
    bool row_is_final = false;
    if (judgement.fixed) {
      ruling.outcome = judgement.fixed->outcome;
    } else if (observes) {
      ruling.outcome = Outcome::kParked;
    } else {
      const auto outcome = OutcomeFromName(rows.Bytes(row, 1));
      if (!outcome) return std::nullopt;
      ruling.outcome = *outcome;
      row_is_final = rows.Bool(row, 2);
      ruling.row_updated = rows.OptionalMoment(row, 3);
      ruling.action_id = rows.OptionalBytes(row, 4);
      ruling.action_ref = rows.OptionalBytes(row, 5);
    }
    ruling.detail = observes && !judgement.fixed ? "observed" : DetailOf(judgement, ruling.outcome);
    ruling.state = StateAfter(ruling.outcome, row_is_final);
  }
  return rulings;
}

std::vector<Settled> FreshOnes(std::span<const Judgement> batch, std::span<const Ruling> rulings) {
  std::vector<Settled> fresh;
  fresh.reserve(batch.size());
  for (std::size_t index = 0; index < batch.size(); ++index) {
    if (rulings[index].is_fresh) fresh.push_back({&batch[index], &rulings[index]});
  }
  return fresh;
}

}  // namespace deadletter::postgres
