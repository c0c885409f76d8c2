// A configured service with its HTTP server: what `serve` and `demo` run.
#pragma once

#include <memory>
#include <string>

#include "app/wiring.h"
#include "http/server.h"

namespace deadletter {

// Threads: one owner. `config` must outlive it.
class Runtime {
 public:
  explicit Runtime(const Config& config);
  ~Runtime();

  // Fails where the HTTP address is not to be had; everything else is waited for in the background.
  [[nodiscard]] Result<void> Start();
  void Stop();

  [[nodiscard]] const Wiring& wiring() const { return wiring_; }
  [[nodiscard]] const Clock& clock() const { return clock_; }
  [[nodiscard]] const Health& health() const { return health_; }
  [[nodiscard]] std::string url() const;  // of the HTTP server

 private:
  const Config& config_;
  SystemClock clock_;
  Metrics metrics_;
  Health health_;
  Wiring wiring_;
  Service service_;
  Operations operations_;
  http::Server server_;
};

}  // namespace deadletter
