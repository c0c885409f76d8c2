// deadletter as a library: the handler inside a program of yours.
//
//   std::string error;
//   auto handler = deadletter::Handler::Open({.config_file = "deadletter.toml"}, error);
//   if (!handler) { report(error); return; }
//   handler->Start();
//   …
//   handler->Stop();
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace deadletter {

struct HandlerOptions {
  // A TOML file as docs/configuration.md describes it. Empty: no file is looked for, the embedded
  // default is used. The environment is not read.
  std::string config_file;
  // Single keys, stronger than the file: {"broker.url", "amqp://…"}.
  std::vector<std::pair<std::string, std::string>> settings;
};

// Consumes the configured dead letter queues and settles what they hold until it is stopped.
//
// Threads: it works on threads of its own. Open, Start, Stop and IsRunning are called from one
// thread at a time. Signals are the program's own business: the handler installs nothing.
class Handler {
 public:
  // Reads and checks the configuration, opens the embedded files where it is that pair, and
  // connects to no server. Null: `error` says in one line what is wrong, where, and what is
  // allowed. Throws nothing but std::bad_alloc.
  [[nodiscard]] static std::unique_ptr<Handler> Open(const HandlerOptions& options,
                                                     std::string& error);

  ~Handler();  // stops
  Handler(const Handler&) = delete;
  Handler& operator=(const Handler&) = delete;

  // Begins to work and returns at once. A broker, ledger or queue that is missing is waited for in
  // the background. A second Start() warns in the log and does nothing; after Stop() it may be
  // started again.
  void Start();

  // Takes no new letters, settles and acknowledges the batch in hand, and leaves the rest in the
  // broker; nothing is rejected on the way out. Returns within `patience` and a few seconds, also
  // in an outage: what was not recorded by then is still the broker's, but for letters of a queue
  // that was deleted meanwhile (a log line says how many: "letters_lost"). Does nothing when not
  // running.
  void Stop(std::chrono::milliseconds patience = std::chrono::milliseconds(4'000));

  [[nodiscard]] bool IsRunning() const;

  // What is missing right now, one line each ("queue attune.dlx.queue: …"); empty when all is well.
  // Any thread.
  [[nodiscard]] std::vector<std::string> Missing() const;

 private:
  struct Parts;
  explicit Handler(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace deadletter
