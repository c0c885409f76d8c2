#include "app/runtime.h"

#include "telemetry/log.h"

namespace deadletter {
namespace {

using std::chrono::milliseconds;

// How long a stop waits for the ledger; with the moments that the parts need to end it stays within
// 10 s.
constexpr milliseconds kPatience(4'000);

// Each serves one request of the HTTP interface at a time.
constexpr int kReaders = 2;
// Of two that search by words one waits without a reader; whatever else is asked for, deliveries'
// acks included, has a thread all the same.
constexpr int kWorkerThreads = kReaders + 1;

std::vector<LedgerReaders> MakeAllReaders(const Wiring& wiring, const Config& config) {
  std::vector<LedgerReaders> readers;
  for (int count = 0; count < kReaders; ++count) readers.push_back(MakeReaders(wiring, config));
  return readers;
}

http::ServerOptions MakeServerOptions(const Config& config, Tokens* tokens, Work* work) {
  http::ServerOptions options;
  options.tokens = tokens;
  options.work = work;
  options.tls_certificate_file = config.http.tls_cert.value_or("");
  options.tls_key_file = config.http.tls_key.value_or("");
  options.limits.rate.per_second = static_cast<double>(config.http.requests_per_second);
  options.limits.rate.burst = 2 * options.limits.rate.per_second;
  options.host = config.http.host;
  options.port = config.http.port;
  options.base_path = config.http.base_path;
  options.pair_name = PairName(config.pair);
  options.limits.worker_threads = kWorkerThreads;
  return options;
}

ServiceOptions OptionsOf(const Config& config, SchemaGate::Refused schema_refused) {
  ServiceOptions options = MakeServiceOptions(config);
  options.schema_refused = std::move(schema_refused);
  return options;
}

}  // namespace

Runtime::Runtime(const Config& config, const Wiring& wiring, const Clock& clock,
                 std::unique_ptr<Tokens> tokens, SchemaGate::Refused schema_refused)
    : config_(config),
      service_(OptionsOf(config, std::move(schema_refused)), wiring.MakeAdapters(), clock, metrics_,
               health_),
      operations_(MakeAllReaders(wiring, config),
                  {.id_type = config.executions.id_type,
                   .base_path = config.http.base_path,
                   .format = config.letter,
                   .redaction = RedactionOf(config),
                   .replays_changed = [this] { service_.NotifyReplays(); },
                   .replayed =
                       [this](ReplayEnd end, std::int64_t letters) {
                         metrics_.Replayed(ReplayEndName(end), letters);
                       },
                   .depths = [this] { return metrics_.QueueMessages(); }}),
      work_(MakeWork(wiring, config, [this] { service_.NotifyOutbox(); })),
      tokens_(std::move(tokens)),
      server_(MakeServerOptions(config, tokens_.get(), work_.get()), operations_, health_,
              metrics_) {}

Runtime::~Runtime() {
  Stop();
}

Result<void> Runtime::Start() {
  LogAlways("starting", {{"pair", std::string(PairName(config_.pair))},
                         {"version", DEADLETTER_VERSION},
                         {"configuration", config_.file.value_or("none: the defaults")}});
  for (const std::string& warning : config_.warnings)
    LogWarning("configuration", {{"what", warning}});
  if (auto listening = server_.Start(); !listening) return listening;
  LogInfo("listening", {{"url", url()}});
  service_.Start();
  return {};
}

void Runtime::Stop() {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  if (work_) work_->EndWaits();
  service_.Stop(kPatience);
  operations_.Close(deadline);
  if (work_) work_->Close(deadline);
  server_.Stop();
}

std::string Runtime::url() const {
  const bool ipv6 = config_.http.host.find(':') != std::string::npos;
  const std::string host = ipv6 ? "[" + config_.http.host + "]" : config_.http.host;
  const std::string path = config_.http.base_path == "/" ? "" : config_.http.base_path;
  return (config_.http.tls_cert ? "https://" : "http://") + host + ":" +
         std::to_string(server_.port()) + path;
}

}  // namespace deadletter
