// The letters of a measurement: put where they die, and so into the queue that is measured.
#pragma once

#include <string>
#include <vector>

#include "app/bench_scene.h"
#include "app/bench_watch.h"
#include "broker/publisher.h"

namespace deadletter {

struct BenchSizes {
  std::size_t letters = 0;
  std::size_t runs = 0;
  std::size_t body_bytes = 0;
};

// Threads: one.
class BenchLetters {
 public:
  // Everything must outlive it.
  BenchLetters(BenchScene& scene, const BenchSizes& sizes, const Clock& clock, std::stop_token stop,
               BenchProgress& progress);

  // The letters queue is empty before each of these, and holds so many afterwards.
  // Letters of executions that nobody has: for who only takes them out again.
  [[nodiscard]] Result<void> FillWithout(std::size_t count, const std::string& stage);
  // Each with an execution that waits.
  [[nodiscard]] Result<void> FillWith(std::size_t count, const std::string& stage);
  // As many executions, and for each what would be sent to a worker.
  [[nodiscard]] Result<std::vector<OutgoingMessage>> Request(std::size_t count);
  // With a connection of its own for each row of calls: an idle one would not be kept alive.
  void BeginToSend();
  [[nodiscard]] Result<void> Send(std::span<const OutgoingMessage> messages);

  // Messages that wait in a queue of the scene's.
  [[nodiscard]] Result<std::int64_t> Waiting(const std::string& queue);
  // Takes everything out of it. At least so many must be there.
  [[nodiscard]] Result<void> Empty(const std::string& queue, std::size_t at_least,
                                   const std::string& stage);

  // That fit into memory with such bodies, for those that are held there.
  [[nodiscard]] std::size_t AtOnce(std::size_t most, std::size_t most_bytes) const;

 private:
  [[nodiscard]] NewExecution Wanted();
  [[nodiscard]] Result<void> AwaitDeaths(std::size_t count, const std::string& stage);

  BenchScene& scene_;
  const BenchSizes sizes_;
  const Clock& clock_;
  const std::stop_token stop_;
  BenchProgress& progress_;
  const std::unique_ptr<Executions> executions_;
  const std::unique_ptr<Outbox> outbox_;
  std::unique_ptr<Publisher> publisher_;
  const std::unique_ptr<BrokerWatch> watch_;
  const std::string payload_json_;
  std::int64_t number_ = 0;
};

}  // namespace deadletter
