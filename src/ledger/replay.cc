#include "ledger/replay.h"

namespace deadletter {
namespace {

template <class Value>
struct Named {
  Value value;
  std::string_view name;
};

constexpr Named<ReplayState> kStates[] = {{ReplayState::kRunning, "running"},
                                          {ReplayState::kPaused, "paused"},
                                          {ReplayState::kStopped, "stopped"},
                                          {ReplayState::kCancelled, "cancelled"},
                                          {ReplayState::kDone, "done"}};
constexpr Named<ReplayEnd> kEnds[] = {
    {ReplayEnd::kSucceeded, "succeeded"}, {ReplayEnd::kFailedAgain, "failed_again"},
    {ReplayEnd::kNoAnswer, "no_answer"},  {ReplayEnd::kUnroutable, "unroutable"},
    {ReplayEnd::kInDoubt, "in_doubt"},    {ReplayEnd::kTaken, "taken"},
    {ReplayEnd::kWithdrawn, "withdrawn"},
};
constexpr Named<ReplayStep> kSteps[] = {{ReplayStep::kPending, "pending"},
                                        {ReplayStep::kClaimed, "claimed"},
                                        {ReplayStep::kUnsent, "unsent"},
                                        {ReplayStep::kSent, "sent"},
                                        {ReplayStep::kEnded, "ended"}};

template <class Value, std::size_t size>
std::string_view NameOf(const Named<Value> (&all)[size], Value value) {
  for (const auto& one : all) {
    if (one.value == value) return one.name;
  }
  return "";
}

template <class Value, std::size_t size>
std::optional<Value> ValueOf(const Named<Value> (&all)[size], std::string_view name) {
  for (const auto& one : all) {
    if (one.name == name) return one.value;
  }
  return std::nullopt;
}

}  // namespace

std::string_view ReplayStateName(ReplayState state) {
  return NameOf(kStates, state);
}
std::optional<ReplayState> ReplayStateFromName(std::string_view name) {
  return ValueOf(kStates, name);
}
std::string_view ReplayEndName(ReplayEnd end) {
  return NameOf(kEnds, end);
}
std::optional<ReplayEnd> ReplayEndFromName(std::string_view name) {
  return ValueOf(kEnds, name);
}
std::string_view ReplayStepName(ReplayStep step) {
  return NameOf(kSteps, step);
}
std::optional<ReplayStep> ReplayStepFromName(std::string_view name) {
  return ValueOf(kSteps, name);
}

}  // namespace deadletter
