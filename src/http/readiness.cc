#include "http/readiness.h"

#include <fmt/format.h>

#include "http/problem.h"
#include "operations/json_writer.h"

namespace deadletter::http {
namespace {

constexpr std::size_t kMaxMessageBytes = 2048;

std::string_view StateName(HealthState state) {
  switch (state) {
    case HealthState::kReady:
      return "ready";
    case HealthState::kWarning:
      return "warning";
    case HealthState::kMissing:
      return "missing";
  }
  return "missing";
}

std::string PartsJson(const std::vector<HealthReport>& reports) {
  JsonArray parts;
  for (const HealthReport& report : reports) {
    parts.Add(JsonObject()
                  .Add("part", JsonDisplay(report.part, kMaxMessageBytes))
                  .Add("state", JsonDisplay(StateName(report.state), kMaxMessageBytes))
                  .Add("message", JsonDisplay(report.message, kMaxMessageBytes))
                  .Take());
  }
  return parts.Take();
}

// "missing: queue attune.dlx.queue (…); ledger (…)"
std::string Missing(const std::vector<HealthReport>& reports) {
  std::string missing;
  for (const HealthReport& report : reports) {
    if (report.state != HealthState::kMissing) continue;
    missing += missing.empty() ? "missing: " : "; ";
    missing += report.part;
    if (!report.message.empty()) missing += " (" + report.message + ")";
  }
  return missing.empty() ? "the service is still starting" : missing;
}

std::string Finished(JsonObject& answer, bool ready, std::string_view pair_name,
                     const std::vector<HealthReport>& reports) {
  return answer.Add("ready", FlagJson(ready))
      .Add("pair", JsonDisplay(pair_name, kMaxMessageBytes))
      .Add("parts", PartsJson(reports))
      .Take();
}

}  // namespace

std::string ReadinessJson(const Health& health, std::string_view pair_name) {
  JsonObject told;
  return Finished(told, health.IsReady(), pair_name, health.Reports());
}

Response Readiness(const Health& health, std::string_view pair_name) {
  const std::vector<HealthReport> reports = health.Reports();
  const bool ready = health.IsReady();
  Response response;
  JsonObject answer;
  if (ready) {
    response.content_type = "application/json";
  } else {
    response = Unavailable("", 1);
    answer.Add("type", "\"about:blank\"")
        .Add("title", JsonDisplay(StatusTitle(response.status), kMaxMessageBytes))
        .Add("status", fmt::to_string(response.status))
        .Add("detail", JsonDisplay(Missing(reports), kMaxMessageBytes));
  }
  response.body = Finished(answer, ready, pair_name, reports);
  return response;
}

}  // namespace deadletter::http
