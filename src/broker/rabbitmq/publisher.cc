#include "broker/rabbitmq/publisher.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/fault_point.h"
#include "base/text.h"
#include "broker/rabbitmq/outgoing.h"

namespace deadletter::rabbitmq {

namespace {

using std::chrono::steady_clock;

constexpr milliseconds kLongestWait{2'000};  // so that heartbeats go out in time
constexpr std::chrono::seconds kTrustInExchange{
    5};  // how long one that was there is believed to be there
constexpr std::size_t kRememberedExchanges = 1'000;
constexpr std::size_t kLongestName = 255;        // beyond it a question could not even be encoded
constexpr milliseconds kGraceAfterLimit{2'000};  // after which a send that hangs is cut off
constexpr std::size_t kSentBetweenLooks = 32;    // answers are taken in while sending, this often

std::size_t BytesOf(const OutgoingMessage& message) {
  return message.message.body.size() + 512;
}

}  // namespace

RabbitPublisher::RabbitPublisher(Options options, PublishLimits limits,
                                 ClosedChannel closed_channel)
    : options_(std::move(options)), limits_(limits), closed_channel_(closed_channel) {}

// A broker short of memory stops reading, and the library would wait in send() for as long as
// heartbeats come.
template <class Function>
auto RabbitPublisher::RunBounded(Function&& function) {
  return io_.RunWithin(
      limits_.answer + kGraceAfterLimit, [this] { interrupter_.Interrupt(); },
      std::forward<Function>(function));
}

RabbitPublisher::~RabbitPublisher() {
  Close();
}

std::vector<PublishResult> RabbitPublisher::Publish(std::span<const OutgoingMessage> messages) {
  return RunBounded([&] { return PublishHere(messages); });
}

BrokerResult<bool> RabbitPublisher::ExchangeExists(const std::string& exchange) {
  return RunBounded([&]() -> BrokerResult<bool> {
    if (auto connected = ConnectWhereNeeded(); !connected)
      return Unexpected<BrokerError>(connected.error());
    auto there = LookForExchange(exchange);
    if (!there) Drop();
    return there;
  });
}

void RabbitPublisher::KeepAlive() {
  RunBounded([&] {
    if (!connection_) return;
    Batch nothing{};
    if (TakeAnswers(nothing, milliseconds{0}) != Step::kGoOn) Drop();
  });
}

void RabbitPublisher::Close() {
  RunBounded([&] { Drop(); });
}

void RabbitPublisher::Abort() {
  aborted_ = true;
  interrupter_.Interrupt();
}

std::vector<PublishResult> RabbitPublisher::PublishHere(std::span<const OutgoingMessage> messages) {
  Batch batch{.messages = messages,
              .results = std::vector<PublishResult>(messages.size()),
              .again = {},
              .deadline = steady_clock::now() + limits_.answer};
  if (messages.empty()) return {};
  loss_text_.clear();
  if (auto connected = ConnectWhereNeeded(); !connected) {
    loss_text_ = connected.error().message;
    GiveUp(batch, Step::kConnectionLost);
    return std::move(batch.results);
  }
  for (;;) {
    // First what was in flight when the channel closed: one of those is the culprit, and it is
    // found by sending singly.
    auto step = SendSingly(batch);
    if (step == Step::kGoOn) step = SendAll(batch);
    if (step == Step::kGoOn) return std::move(batch.results);
    if (step != Step::kChannelClosed) {
      GiveUp(batch, step);
      return std::move(batch.results);
    }
    for (const auto& one : std::exchange(unanswered_, {})) {
      if (closed_channel_ == ClosedChannel::kSendAgain) {
        batch.again.push_back(one.index);
      } else {
        batch.results[one.index] = {PublishOutcome::kInDoubt, close_text_};
      }
    }
    unanswered_bytes_ = 0;
    if (auto opened = OpenConfirmChannel(); !opened) {
      loss_text_ = opened.error().error.message;
      GiveUp(batch, Step::kConnectionLost);
      return std::move(batch.results);
    }
  }
}

RabbitPublisher::Step RabbitPublisher::SendAll(Batch& batch) {
  while (batch.next < batch.messages.size()) {
    const auto bytes = BytesOf(batch.messages[batch.next]);
    auto step = AwaitRoom(batch, limits_.window_messages,
                          limits_.window_bytes - std::min(bytes, limits_.window_bytes));
    if (step == Step::kGoOn) step = SendOne(batch, batch.next);
    if (step != Step::kGoOn) return step;
    ++batch.next;
    if (batch.next % kSentBetweenLooks != 0) continue;
    if (step = TakeAnswers(batch, milliseconds{0}); step != Step::kGoOn) return step;
  }
  return AwaitRoom(batch, 1, 0);
}

RabbitPublisher::Step RabbitPublisher::SendSingly(Batch& batch) {
  auto indices = std::exchange(batch.again, {});
  for (const auto index : indices) {
    auto step = SendOne(batch, index);
    if (step == Step::kGoOn) step = AwaitRoom(batch, 1, 0);
    if (step == Step::kChannelClosed) {
      unanswered_.clear();
      unanswered_bytes_ = 0;
      batch.results[index] = {PublishOutcome::kNoTarget, close_text_};
      if (auto opened = OpenConfirmChannel(); !opened) {
        loss_text_ = opened.error().error.message;
        step = Step::kConnectionLost;
      } else {
        step = Step::kGoOn;
      }
    }
    if (step == Step::kGoOn) continue;
    return step;
  }
  return Step::kGoOn;
}

RabbitPublisher::Step RabbitPublisher::SendOne(Batch& batch, std::size_t index) {
  const auto& message = batch.messages[index];
  auto& result = batch.results[index];
  if (const auto step = AwaitUnblocked(batch); step != Step::kGoOn) return step;
  const auto& exchange = message.address.exchange;
  if (exchange.size() > kLongestName || message.address.routing_key.size() > kLongestName) {
    result = {PublishOutcome::kNoTarget, "an exchange or routing key of more than 255 bytes"};
    return Step::kGoOn;
  }
  if (!batch.missing_exchanges.contains(exchange)) {
    const auto there = LookForExchange(exchange);
    if (!there) return OnLoss(batch, there.error().message);
    if (!*there) batch.missing_exchanges.insert(exchange);
  }
  if (batch.missing_exchanges.contains(exchange)) {
    result = {PublishOutcome::kNoTarget,
              "exchange " + DisplayText(exchange, 255) + " does not exist"};
    return Step::kGoOn;
  }
  Outgoing outgoing(message);
  if (auto prepared = outgoing.Prepare(connection_->largest_header()); !prepared) {
    result = {PublishOutcome::kNacked, "not sent: " + prepared.error().message, true};
    return Step::kGoOn;
  }
  // From here on nobody but the broker knows whether it has it.
  result = {PublishOutcome::kInDoubt, "no answer came"};
  unanswered_.push_back({next_number_++, index, BytesOf(message)});
  unanswered_bytes_ += unanswered_.back().bytes;
  fault::Hit("publish.before");
  const int status = outgoing.Send(connection_->state(), kMainChannel);
  fault::Hit("publish.after");
  if (status == AMQP_STATUS_OK) return Step::kGoOn;
  return OnLoss(batch, connection_->Lost(status, "publishing").message);
}

// Until fewer than `messages` and no more than `bytes` wait for an answer.
RabbitPublisher::Step RabbitPublisher::AwaitRoom(Batch& batch, std::size_t messages,
                                                 std::size_t bytes) {
  while (unanswered_.size() >= messages || (unanswered_bytes_ > bytes && !unanswered_.empty())) {
    const auto left = std::chrono::ceil<milliseconds>(batch.deadline - steady_clock::now());
    if (left <= milliseconds{0}) return Step::kTimeIsUp;
    if (const auto step = TakeAnswers(batch, std::min(left, kLongestWait)); step != Step::kGoOn)
      return step;
  }
  return Step::kGoOn;
}

RabbitPublisher::Step RabbitPublisher::AwaitUnblocked(Batch& batch) {
  while (connection_->blocked()) {
    const auto left = std::chrono::ceil<milliseconds>(batch.deadline - steady_clock::now());
    if (left <= milliseconds{0}) {
      loss_text_ =
          "the broker is short of memory or disk and takes no messages (connection.blocked)";
      return Step::kTimeIsUp;
    }
    if (const auto step = TakeAnswers(batch, std::min(left, kLongestWait)); step != Step::kGoOn)
      return step;
  }
  return Step::kGoOn;
}

RabbitPublisher::Step RabbitPublisher::TakeAnswers(Batch& batch, milliseconds wait) {
  for (;; wait = milliseconds{0}) {
    const auto frame = connection_->Next(wait);
    if (!frame) return OnLoss(batch, frame.error().message);
    if (!*frame) return Step::kGoOn;
    const auto step = TakeFrame(batch, **frame);
    connection_->Release((*frame)->raw.channel);
    if (step != Step::kGoOn) return step;
  }
}

RabbitPublisher::Step RabbitPublisher::TakeFrame(Batch& batch, const Frame& frame) {
  if (frame.raw.channel != kMainChannel) return Step::kGoOn;
  if (frame.IsMethod(AMQP_BASIC_ACK_METHOD)) {
    const auto& ack = frame.Decoded<amqp_basic_ack_t>();
    TakeConfirm(batch, ack.delivery_tag, ack.multiple != 0, true);
    return Step::kGoOn;
  }
  if (frame.IsMethod(AMQP_BASIC_NACK_METHOD)) {
    const auto& nack = frame.Decoded<amqp_basic_nack_t>();
    TakeConfirm(batch, nack.delivery_tag, nack.multiple != 0, false);
    return Step::kGoOn;
  }
  if (frame.IsMethod(AMQP_CHANNEL_CLOSE_METHOD)) {
    const auto& close = frame.Decoded<amqp_channel_close_t>();
    close_text_ = connection_->AnswerChannelClose(kMainChannel, close, "publishing").error.message;
    return Step::kChannelClosed;
  }
  auto whole = assembler_.Add(frame);
  if (!whole) return OnLoss(batch, whole.error().message);
  if (*whole) TakeReturn(batch, **whole);
  return Step::kGoOn;
}

void RabbitPublisher::TakeConfirm(Batch& batch, std::uint64_t number, bool multiple,
                                  bool acknowledged) {
  fault::Hit("confirm.before");
  const auto answers = [&](const Unanswered& one) {
    return one.number == number || (multiple && (number == 0 || one.number < number));
  };
  for (const auto& one : unanswered_) {
    if (!answers(one)) continue;
    auto& result = batch.results[one.index];
    if (!acknowledged) {
      result = {PublishOutcome::kNacked, "the broker says that it did not keep it (basic.nack)"};
    } else if (one.returned) {
      result = {PublishOutcome::kUnroutable, one.return_text};
    } else {
      result = {PublishOutcome::kConfirmed, ""};
    }
    unanswered_bytes_ -= one.bytes;
  }
  std::erase_if(unanswered_, answers);
  fault::Hit("confirm.after");
}

// A return carries no number. It comes before the answer of its message, and returns come in the
// order of sending: so it belongs to the first message of that address and id that was not returned
// yet.
void RabbitPublisher::TakeReturn(Batch& batch, const Assembled& returned) {
  const auto matches = [&](const Unanswered& one) {
    const auto& sent = batch.messages[one.index];
    return !one.returned && sent.address.exchange == returned.exchange &&
           sent.address.routing_key == returned.routing_key &&
           sent.message.properties.message_id == returned.message.properties.message_id &&
           sent.message.body == returned.message.body;
  };
  const auto found = std::find_if(unanswered_.begin(), unanswered_.end(), matches);
  if (found == unanswered_.end()) return;
  found->returned = true;
  found->return_text =
      fmt::format("no queue of exchange \"{}\" takes routing key \"{}\" ({})",
                  DisplayText(returned.exchange, 255), DisplayText(returned.routing_key, 255),
                  DisplayText(returned.return_text, 255));
}

RabbitPublisher::Step RabbitPublisher::OnLoss(Batch& batch, const std::string& why) {
  for (const auto& one : unanswered_) {
    batch.results[one.index] = {PublishOutcome::kInDoubt, "sent, but no answer came: " + why};
  }
  loss_text_ = why;
  return Step::kConnectionLost;
}

// What was sent and not answered is in doubt already; what was never sent says so. An answer that
// comes after this could be taken for another message's, so the connection is not used on.
void RabbitPublisher::GiveUp(Batch& batch, Step step) {
  if (step == Step::kTimeIsUp && loss_text_.empty())
    loss_text_ = "the broker did not answer in time";
  for (auto& result : batch.results) {
    if (result.outcome == PublishOutcome::kUnavailable) result.detail = loss_text_;
  }
  Drop();
}

BrokerResult<void> RabbitPublisher::ConnectWhereNeeded() {
  if (connection_) {
    // An idle connection may have died unseen; messages must not be in doubt for that.
    Batch nothing{};
    if (TakeAnswers(nothing, milliseconds{0}) == Step::kGoOn) return {};
    Drop();
  }
  auto opened = Connection::Open(options_, Direction::kSending, interrupter_, last_url_,
                                 [this] { return aborted_.load(); });
  if (!opened) {
    last_url_ = 0;
    return Unexpected<BrokerError>(opened.error());
  }
  connection_ = std::move(*opened);
  last_url_ = connection_->url_index();
  if (aborted_) {
    Drop();
    return Unexpected<BrokerError>(
        {BrokerFault::kUnreachable, "stopping: nothing is published any more"});
  }
  if (auto channel = OpenConfirmChannel(); !channel) {
    Drop();
    return Unexpected<BrokerError>(channel.error().error);
  }
  return {};
}

RequestResult<void> RabbitPublisher::OpenConfirmChannel() {
  assembler_.Reset();
  next_number_ = 1;
  if (auto opened = connection_->OpenChannel(kMainChannel); !opened) return opened;
  amqp_confirm_select(connection_->state(), kMainChannel);
  return connection_->LastAnswer(kMainChannel, "asking for confirms");
}

BrokerResult<bool> RabbitPublisher::LookForExchange(const std::string& exchange) {
  const auto now = steady_clock::now();
  if (const auto known = known_exchanges_.find(exchange);
      known != known_exchanges_.end() && now - known->second < kTrustInExchange) {
    return true;
  }
  const auto there = connection_->ExchangeExists(exchange);
  if (known_exchanges_.size() >= kRememberedExchanges) known_exchanges_.clear();
  if (there && *there) known_exchanges_[exchange] = now;
  if (there && !*there) known_exchanges_.erase(exchange);
  return there;
}

void RabbitPublisher::Drop() {
  connection_.reset();  // may wait for a broker that does not read, and then must be interruptible
  interrupter_.Forget();
  assembler_.Reset();
  unanswered_.clear();
  unanswered_bytes_ = 0;
  known_exchanges_.clear();
}

}  // namespace deadletter::rabbitmq
