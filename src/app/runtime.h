// A configured service with its HTTP server: what `serve` and `demo` run.
#pragma once

#include <memory>
#include <string>

#include "app/wiring.h"
#include "http/server.h"

namespace deadletter {

// Threads: one owner. `config`, `wiring` and `clock` must outlive it.
class Runtime {
 public:
  // `schema_refused`: as in ServiceOptions. `tokens`: null where none are configured.
  Runtime(const Config& config, const Wiring& wiring, const Clock& clock,
          std::unique_ptr<Tokens> tokens = nullptr, SchemaGate::Refused schema_refused = nullptr);
  ~Runtime();

  // Fails where the HTTP address is not to be had; everything else is waited for in the background.
  [[nodiscard]] Result<void> Start();
  void Stop();

  [[nodiscard]] std::string url() const;  // of the HTTP server

 private:
  const Config& config_;
  Metrics metrics_;
  Health health_;
  Service service_;
  Operations operations_;
  const std::unique_ptr<Work> work_;  // null: there is none over HTTP on this pair
  const std::unique_ptr<Tokens> tokens_;
  http::Server server_;
};

}  // namespace deadletter
