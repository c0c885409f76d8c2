#include "deadletter/handler.h"

#include "app/wiring.h"
#include "telemetry/log.h"

namespace deadletter {

struct Handler::Parts {
  explicit Parts(Config read) : config(std::move(read)) {}

  const Config config;
  SystemClock clock;
  Metrics metrics;
  Health health;
  std::unique_ptr<Wiring> wiring;
  std::unique_ptr<Service> service;
};

std::unique_ptr<Handler> Handler::Open(const HandlerOptions& options, std::string& error) {
  ConfigSources sources;
  if (options.config_file.empty()) {
    sources.working_dir.clear();
    sources.system_file.clear();
  } else {
    sources.config_path = options.config_file;
  }
  for (const auto& [key, text] : options.settings) sources.flags[key] = {"setting " + key, text};
  auto config = LoadConfig(sources);
  if (!config) {
    error = config.error().message;
    return nullptr;
  }
  auto parts = std::make_unique<Parts>(std::move(*config));
  auto wiring = Wiring::OpenToStay(parts->config, parts->clock);
  if (!wiring) {
    error = wiring.error().message;
    return nullptr;
  }
  parts->wiring = std::move(*wiring);
  return std::unique_ptr<Handler>(new Handler(std::move(parts)));
}

Handler::Handler(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Handler::~Handler() {
  Stop();
}

void Handler::Start() {
  if (IsRunning()) {
    LogWarning("already_running");
    return;
  }
  parts_->service =
      std::make_unique<Service>(MakeServiceOptions(parts_->config), parts_->wiring->MakeAdapters(),
                                parts_->clock, parts_->metrics, parts_->health);
  parts_->service->Start();
}

void Handler::Stop(std::chrono::milliseconds patience) {
  if (!IsRunning()) return;
  parts_->service->Stop(patience);
  parts_->service.reset();
}

bool Handler::IsRunning() const {
  return parts_->service && parts_->service->IsRunning();
}

std::vector<std::string> Handler::Missing() const {
  std::vector<std::string> missing;
  for (const HealthReport& report : parts_->health.Reports()) {
    if (report.state == HealthState::kMissing)
      missing.push_back(report.part + ": " + report.message);
  }
  return missing;
}

}  // namespace deadletter
