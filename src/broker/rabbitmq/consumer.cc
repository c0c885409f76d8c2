#include "broker/rabbitmq/consumer.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"
#include "base/fault_point.h"
#include "broker/consumer_tag.h"

namespace deadletter::rabbitmq {

namespace {

using std::chrono::steady_clock;

constexpr milliseconds kLongestSleep{2'000};  // so that heartbeats go out in time
// As many letters at once mean that more are coming: then one millisecond's bytes are read
// together.
constexpr std::size_t kFloodLetters = 64;
constexpr milliseconds kGatherTime{1};
constexpr std::size_t kLargestPrefetch = 65'535;

}  // namespace

struct RabbitConsumer::Batch {
  const ReceiveLimits& limits;
  std::vector<Delivery> letters;
  std::size_t bytes = 0;

  [[nodiscard]] bool HasRoom() const {
    return letters.empty() || (letters.size() < limits.max_letters && bytes < limits.max_bytes);
  }
};

RabbitConsumer::RabbitConsumer(Options options, std::string queue, std::string consumer_tag,
                               milliseconds look_when_idle_for)
    : options_(std::move(options)),
      queue_(std::move(queue)),
      consumer_tag_(std::move(consumer_tag)),
      look_when_idle_for_(look_when_idle_for) {}

RabbitConsumer::~RabbitConsumer() {
  Close();
}

BrokerResult<void> RabbitConsumer::Subscribe(std::size_t prefetch) {
  return io_.Run([&] { return SubscribeHere(prefetch); });
}

BrokerResult<std::vector<Delivery>> RabbitConsumer::Receive(const ReceiveLimits& limits) {
  return io_.Run([&] { return ReceiveHere(limits); });
}

BrokerResult<void> RabbitConsumer::KeepAlive(milliseconds wait) {
  return io_.Run([&] { return KeepAliveHere(wait); });
}

BrokerResult<void> RabbitConsumer::Cancel() {
  return io_.Run(
      [&]() -> BrokerResult<void> { return connection_ ? StopConsuming() : BrokerResult<void>{}; });
}

void RabbitConsumer::Close() {
  io_.Run([&] { Drop(); });
}

void RabbitConsumer::Wake() {
  wake_.Raise();
}

void RabbitConsumer::Abort() {
  aborted_ = true;
  interrupter_.Interrupt();
  wake_.Raise();
}

BrokerResult<void> RabbitConsumer::SubscribeHere(std::size_t prefetch) {
  // Never passed over in silence: what came on the channel before comes again, and whoever has it
  // in hand must be told.
  if (error_after_letters_) return DropBecauseOf(*error_after_letters_);
  const auto bounded =
      static_cast<std::uint16_t>(std::clamp<std::size_t>(prefetch, 1, kLargestPrefetch));
  fault::Hit("subscribe.before");
  if (connection_) return ConsumeAnew(bounded);
  if (auto connected = Connect(); !connected) return connected;
  amqp_basic_qos(connection_->state(), kMainChannel, 0, bounded, /*global=*/0);
  if (auto set = connection_->LastAnswer(kMainChannel, "setting the prefetch"); !set) {
    return DropBecauseOf(set.error().error);
  }
  ChooseTag();
  amqp_basic_consume(connection_->state(), kMainChannel, Bytes(queue_), Bytes(tag_),
                     /*no_local=*/0,
                     /*no_ack=*/0, /*exclusive=*/0, amqp_empty_table);
  if (auto consuming = connection_->LastAnswer(kMainChannel, "consuming queue " + queue_);
      !consuming) {
    return DropBecauseOf(consuming.error().error);
  }
  consuming_ = true;
  prefetch_ = bounded;
  last_sign_of_queue_ = steady_clock::now();
  fault::Hit("subscribe.after");
  return {};
}

// On a channel where letters are on their way nothing may be asked for and waited for: the library
// would take all of them in, prefetch times the largest letter, to find the answer behind them
// (P9). So nobody waits; a refusal comes out of a later Receive() as a closed channel.
BrokerResult<void> RabbitConsumer::ConsumeAnew(std::uint16_t prefetch) {
  if (auto stopped = StopConsuming(); !stopped) return stopped;
  ChooseTag();
  amqp_basic_qos_t qos{.prefetch_size = 0, .prefetch_count = prefetch, .global = 0};
  amqp_basic_consume_t consume{.ticket = 0,
                               .queue = Bytes(queue_),
                               .consumer_tag = Bytes(tag_),
                               .no_local = 0,
                               .no_ack = 0,
                               .exclusive = 0,
                               .nowait = 1,
                               .arguments = amqp_empty_table};
  int status = amqp_send_method(connection_->state(), kMainChannel, AMQP_BASIC_QOS_METHOD, &qos);
  if (status == AMQP_STATUS_OK) {
    status =
        amqp_send_method(connection_->state(), kMainChannel, AMQP_BASIC_CONSUME_METHOD, &consume);
  }
  if (status != AMQP_STATUS_OK) {
    return DropBecauseOf(connection_->Lost(status, "consuming queue " + queue_));
  }
  consuming_ = true;
  prefetch_ = prefetch;
  last_sign_of_queue_ = steady_clock::now();
  return {};
}

// A consumer of a quorum queue that was cancelled with letters on their way to it and made anew
// under its tag may be given nothing any more, whatever is ready (seen in RabbitMQ 3.10.8, of a
// hundred that were made so one). So a tag is used again only where nothing can have been on its
// way.
void RabbitConsumer::ChooseTag() {
  ++consumers_;
  const bool has_gone = consumers_ == 1 || (all_in_hand_ && acknowledged_ == delivered_);
  delivered_before_ = delivered_;
  tag_ = has_gone ? consumer_tag_ : NumberedConsumerTag(consumer_tag_, consumers_);
}

BrokerResult<void> RabbitConsumer::Connect() {
  // What was raised before is over with the connection that it was meant for: left standing, it
  // would end this attempt and every later one, since nothing but a wait lowers it.
  (void)wake_.WaitFor(-1, Watch::kReadable, milliseconds{0});
  // Woken from now on, it does not go through the rest of the list: the consumer is about to be
  // stopped.
  auto opened = Connection::Open(options_, Direction::kReceiving, interrupter_, last_url_,
                                 [this] { return wake_.IsRaised() || aborted_; });
  if (!opened) {
    last_url_ = 0;
    return Unexpected<BrokerError>(opened.error());
  }
  connection_ = std::move(*opened);
  last_url_ = connection_->url_index();
  ++generation_;
  if (aborted_)  // perhaps before there was anything to interrupt
    return DropBecauseOf({BrokerFault::kUnreachable, "stopping: nothing is consumed any more"});
  if (auto channel = connection_->OpenChannel(kMainChannel); !channel) {
    return DropBecauseOf(channel.error().error);
  }
  return {};
}

BrokerResult<void> RabbitConsumer::StopConsuming() {
  if (!consuming_) return {};
  all_in_hand_ = delivered_ - std::max(acknowledged_, delivered_before_) == prefetch_;
  amqp_basic_cancel_t cancel{.consumer_tag = Bytes(tag_), .nowait = 1};
  const int status =
      amqp_send_method(connection_->state(), kMainChannel, AMQP_BASIC_CANCEL_METHOD, &cancel);
  if (status != AMQP_STATUS_OK) {
    return DropBecauseOf(connection_->Lost(status, "cancelling the consumer of " + queue_));
  }
  consuming_ = false;
  return {};
}

BrokerResult<std::vector<Delivery>> RabbitConsumer::ReceiveHere(const ReceiveLimits& limits) {
  if (error_after_letters_) return DropBecauseOf(*error_after_letters_);
  if (!connection_) {
    return Unexpected<BrokerError>(
        {BrokerFault::kUnreachable, "not connected: subscribe to " + queue_ + " first"});
  }
  const auto deadline = steady_clock::now() + limits.wait;
  Batch batch{.limits = limits, .letters = {}};
  LetBytesGather();
  for (;;) {
    const auto taken = TakeWhatIsThere(batch);
    last_batch_letters_ = batch.letters.size();
    if (!taken) {
      if (batch.letters.empty()) return DropBecauseOf(taken.error());
      // What came before the end is still ours to record: a deleted queue would never give it
      // again.
      error_after_letters_ = taken.error();
    }
    if (!batch.letters.empty()) {
      return std::move(batch.letters);
    }
    const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
    if (left <= milliseconds{0}) return std::vector<Delivery>{};
    const auto looked = LookForQueueWhenIdle();
    if (!looked) return DropBecauseOf(looked.error());
    if (*looked) continue;  // letters may have come before the answer
    const auto woken =
        wake_.WaitFor(connection_->Socket(), Watch::kReadable, std::min(left, kLongestSleep));
    if (woken == Woken::kBySignal) return std::vector<Delivery>{};
  }
}

// The library sends heartbeats only while it reads; here the socket stays unread, so we send them.
BrokerResult<void> RabbitConsumer::KeepAliveHere(milliseconds wait) {
  if (error_after_letters_) return DropBecauseOf(*error_after_letters_);
  if (!connection_) {
    return Unexpected<BrokerError>(
        {BrokerFault::kUnreachable, "not connected: subscribe to " + queue_ + " first"});
  }
  const auto deadline = steady_clock::now() + wait;
  for (;;) {
    if (auto sent = connection_->SendHeartbeat(); !sent) return DropBecauseOf(sent.error());
    const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
    const auto woken = wake_.WaitFor(connection_->Socket(), Watch::kHangUp,
                                     std::clamp(left, milliseconds{0}, kLongestSleep));
    if (woken == Woken::kBySignal) return {};
    if (woken == Woken::kBySocket) {
      return DropBecauseOf(
          connection_->Lost(AMQP_STATUS_CONNECTION_CLOSED, "keeping the connection"));
    }
    if (left <= milliseconds{0}) return {};
  }
}

BrokerResult<void> RabbitConsumer::TakeWhatIsThere(Batch& batch) {
  while (batch.HasRoom()) {
    const auto frame = connection_->Next(milliseconds{0});
    if (!frame) return Unexpected<BrokerError>(WhatStopped(frame.error()));
    if (!*frame) return {};
    if (auto taken = TakeFrame(**frame, batch); !taken) return taken;
    connection_->Release(kMainChannel);
  }
  return {};
}

// What the library does not take directly after the method that announces a letter is that letter's
// header, and it will be so each time that the letter comes.
BrokerError RabbitConsumer::WhatStopped(BrokerError error) const {
  if (error.fault != BrokerFault::kBadData || !assembler_.AwaitsHeader()) return error;
  return {BrokerFault::kUnreadable,
          fmt::format("the properties of a letter in {} are larger than {} MiB, or no AMQP ({})",
                      queue_, kFrameBytesRead >> 20, error.message)};
}

BrokerResult<void> RabbitConsumer::TakeFrame(const Frame& frame, Batch& batch) {
  if (frame.raw.channel != kMainChannel) return {};
  if (frame.IsMethod(AMQP_BASIC_CANCEL_METHOD)) {
    consuming_ = false;
    return Unexpected<BrokerError>(
        {BrokerFault::kCancelled,
         fmt::format("the broker cancelled the consumer of {} (the queue was deleted, or its "
                     "node went away)",
                     queue_)});
  }
  if (frame.IsMethod(AMQP_CHANNEL_CLOSE_METHOD)) {
    auto closed = connection_->AnswerChannelClose(
        kMainChannel, frame.Decoded<amqp_channel_close_t>(), "consuming queue " + queue_);
    if (closed.error.fault != BrokerFault::kQueueMissing)
      closed.error.fault = BrokerFault::kChannelClosed;
    return Unexpected<BrokerError>(std::move(closed.error));
  }
  auto whole = assembler_.Add(frame);
  if (!whole) return Unexpected<BrokerError>(whole.error());
  if (!*whole) return {};
  auto& assembled = **whole;
  delivered_ = assembled.delivery_number;
  last_sign_of_queue_ = steady_clock::now();
  batch.letters.push_back({.tag = {generation_, assembled.delivery_number},
                           .dead_letter_queue = queue_,
                           .exchange = std::move(assembled.exchange),
                           .routing_key = std::move(assembled.routing_key),
                           .redelivered = assembled.redelivered,
                           .received_at = SystemClock().Now(),
                           .message = std::move(assembled.message)});
  batch.bytes += batch.letters.back().BufferedBytes();
  return {};
}

// A broker that does not tell of a deleted queue (an old one, or one behind a proxy) would leave us
// waiting for ever. Whether it was looked for.
BrokerResult<bool> RabbitConsumer::LookForQueueWhenIdle() {
  if (!consuming_ || steady_clock::now() - last_sign_of_queue_ < look_when_idle_for_) return false;
  const auto found = connection_->FindQueue(queue_);
  if (!found) return Unexpected<BrokerError>(found.error());
  if (!*found) {
    return Unexpected<BrokerError>(
        {BrokerFault::kQueueMissing, "queue " + queue_ + " does not exist any more"});
  }
  last_sign_of_queue_ = steady_clock::now();
  return true;
}

// In a flood each read of the socket would bring a letter or two; a millisecond later it brings
// hundreds for the same price.
void RabbitConsumer::LetBytesGather() {
  if (last_batch_letters_ < kFloodLetters || amqp_data_in_buffer(connection_->state()) ||
      amqp_frames_enqueued(connection_->state())) {
    return;
  }
  if (wake_.WaitFor(-1, Watch::kReadable, kGatherTime) == Woken::kBySignal) wake_.Raise();
}

BrokerResult<void> RabbitConsumer::AcknowledgeUpTo(DeliveryTag tag) {
  return io_.Run([&]() -> BrokerResult<void> {
    // With `multiple`, number 0 would mean everything, and a number used before closes the channel.
    if (!connection_ || tag.generation != generation_ || tag.number <= acknowledged_ ||
        tag.number > delivered_) {
      return {};
    }
    const int status =
        amqp_basic_ack(connection_->state(), kMainChannel, tag.number, /*multiple=*/1);
    if (status != AMQP_STATUS_OK) {
      return DropBecauseOf(connection_->Lost(status, "acknowledging letters of " + queue_));
    }
    acknowledged_ = tag.number;
    return {};
  });
}

void RabbitConsumer::Drop() {
  connection_.reset();  // may wait for the broker, and then must be interruptible
  interrupter_.Forget();
  assembler_.Reset();
  error_after_letters_.reset();
  consuming_ = false;
  consumers_ = 0;
  delivered_ = 0;
  acknowledged_ = 0;
  last_batch_letters_ = 0;
}

// The channel may have ended before, behind letters that were given first: that is the reason then,
// and what of its letters come again depends on it.
Unexpected<BrokerError> RabbitConsumer::DropBecauseOf(BrokerError error) {
  if (error_after_letters_) error = std::move(*error_after_letters_);
  Drop();
  return Unexpected<BrokerError>(std::move(error));
}

}  // namespace deadletter::rabbitmq
