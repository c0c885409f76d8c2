#include "telemetry/health.h"

#include <algorithm>
#include <utility>

namespace deadletter {

bool Health::Set(const std::string& part, HealthState state, std::string message) {
  const std::lock_guard lock(mutex_);
  const auto [place, is_new] = reports_.try_emplace(part);
  const bool changed = is_new || place->second.state != state || place->second.message != message;
  place->second = {part, state, std::move(message)};
  if (changed) changed_.notify_all();
  return changed;
}

std::vector<HealthReport> Health::Reports() const {
  const std::lock_guard lock(mutex_);
  std::vector<HealthReport> reports;
  for (const auto& [part, report] : reports_) reports.push_back(report);
  return reports;
}

bool Health::IsReady() const {
  const std::lock_guard lock(mutex_);
  return !reports_.empty() && std::none_of(reports_.begin(), reports_.end(), [](const auto& entry) {
    return entry.second.state == HealthState::kMissing;
  });
}

bool Health::WaitUntilReady(const std::string& part, std::chrono::milliseconds limit) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, limit, [&] {
    const auto said = reports_.find(part);
    return said != reports_.end() && said->second.state != HealthState::kMissing;
  });
}

}  // namespace deadletter
