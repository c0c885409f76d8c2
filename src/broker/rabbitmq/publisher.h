// The port Publisher on RabbitMQ: a connection of its own, confirms, mandatory.
#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "broker/publisher.h"
#include "broker/rabbitmq/assembler.h"
#include "broker/rabbitmq/connection.h"
#include "broker/rabbitmq/interrupter.h"
#include "broker/rabbitmq/io_thread.h"
#include "broker/rabbitmq/options.h"

namespace deadletter::rabbitmq {

struct PublishLimits {
  std::chrono::milliseconds answer{30'000};  // for one Publish() altogether
  std::size_t window_messages = 1'000;       // sent and not answered yet
  std::size_t window_bytes = std::size_t{16} << 20;
};

// What becomes of messages without an answer when the broker closes the channel because of one of
// them.
enum class ClosedChannel {
  kSendAgain,     // one by one, until the culprit stands alone: of events, which consumers know
  kLeaveInDoubt,  // of work, which must not be done twice
};

class RabbitPublisher final : public Publisher {
 public:
  explicit RabbitPublisher(Options options, PublishLimits limits = {},
                           ClosedChannel closed_channel = ClosedChannel::kSendAgain);
  ~RabbitPublisher() override;

  [[nodiscard]] std::vector<PublishResult> Publish(
      std::span<const OutgoingMessage> messages) override;
  [[nodiscard]] BrokerResult<bool> ExchangeExists(const std::string& exchange) override;
  void KeepAlive() override;
  void Close() override;
  void Abort() override;

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;

  // A message that was sent and waits for its answer, in the order of sending. `number` is the
  // confirm's.
  struct Unanswered {
    std::uint64_t number;
    std::size_t index;  // into the batch
    std::size_t bytes;
    bool returned = false;
    std::string return_text{};
  };
  // One Publish().
  struct Batch {
    std::span<const OutgoingMessage> messages;
    std::vector<PublishResult> results;
    std::set<std::string, std::less<>> missing_exchanges{};
    std::vector<std::size_t> again;  // sent when the channel closed: to be sent again, one by one
    SteadyTime deadline;
    std::size_t next = 0;
  };
  enum class Step { kGoOn, kChannelClosed, kConnectionLost, kTimeIsUp };

  template <class Function>
  auto RunBounded(Function&& function);

  // All of these run on io_.
  std::vector<PublishResult> PublishHere(std::span<const OutgoingMessage> messages);
  [[nodiscard]] Step SendAll(Batch& batch);
  [[nodiscard]] Step SendSingly(Batch& batch);
  [[nodiscard]] Step SendOne(Batch& batch, std::size_t index);
  [[nodiscard]] Step AwaitRoom(Batch& batch, std::size_t messages, std::size_t bytes);
  [[nodiscard]] Step AwaitUnblocked(Batch& batch);
  [[nodiscard]] Step TakeAnswers(Batch& batch, milliseconds wait);
  [[nodiscard]] Step TakeFrame(Batch& batch, const Frame& frame);
  void TakeConfirm(Batch& batch, std::uint64_t number, bool multiple, bool acknowledged);
  void TakeReturn(Batch& batch, const Assembled& returned);
  [[nodiscard]] Step OnLoss(Batch& batch, const std::string& why);
  void GiveUp(Batch& batch, Step step);
  [[nodiscard]] BrokerResult<void> ConnectWhereNeeded();
  [[nodiscard]] RequestResult<void> OpenConfirmChannel();
  [[nodiscard]] BrokerResult<bool> LookForExchange(const std::string& exchange);
  void Drop();

  Options options_;
  PublishLimits limits_;
  const ClosedChannel closed_channel_;
  std::unique_ptr<Connection> connection_;
  std::size_t last_url_ = 0;
  Interrupter interrupter_;
  std::atomic<bool> aborted_ = false;
  Assembler assembler_;
  std::uint64_t next_number_ = 1;
  std::deque<Unanswered> unanswered_;
  std::size_t unanswered_bytes_ = 0;
  std::map<std::string, SteadyTime, std::less<>> known_exchanges_;  // seen there, and when
  std::string close_text_;  // why the channel was closed last
  std::string loss_text_;
  IoThread io_;  // last, so that it ends before what its functions use
};

}  // namespace deadletter::rabbitmq
