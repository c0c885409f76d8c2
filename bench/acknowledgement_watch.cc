#include "bench/acknowledgement_watch.h"

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace deadletter::bench {
namespace {

using test::Flow;

// "AMQP" 0 0 9 1, which only the client begins with.
constexpr std::string_view kProtocolHeader("AMQP\0\0\x09\x01", 8);

constexpr std::size_t kFrameHeaderBytes = 7;  // type, channel, size of the payload
constexpr std::uint8_t kMethodFrame = 1;
constexpr std::uint8_t kHeaderFrame = 2;
constexpr std::uint8_t kBodyFrame = 3;
constexpr std::uint8_t kHeartbeatFrame = 8;
constexpr char kFrameEnd = '\xCE';

constexpr std::uint32_t kBasicDeliver = 60U << 16U | 60U;
constexpr std::uint32_t kBasicAck = 60U << 16U | 80U;

// Takes numbers off the front of it.
template <class Number>
Number Take(std::string_view& bytes) {
  if (bytes.size() < sizeof(Number)) throw std::runtime_error("a method frame is too short");
  Number number = 0;
  for (const char byte : bytes.substr(0, sizeof(Number)))
    number = static_cast<Number>(std::uint64_t{number} << 8U | static_cast<std::uint8_t>(byte));
  bytes.remove_prefix(sizeof(Number));
  return number;
}

}  // namespace

void AcknowledgementWatch::See(std::size_t connection, Flow flow, std::string_view bytes) {
  const auto now = std::chrono::steady_clock::now();
  const std::scoped_lock lock(mutex_);
  if (!not_understood_.empty()) return;
  try {
    Read(connection, flow, bytes, now);
  } catch (const std::runtime_error& error) {
    not_understood_ = "connection " + std::to_string(connection) + ": " + error.what();
  }
  changed_.notify_all();
}

// All frames that are whole by now; what follows them stays until more comes.
void AcknowledgementWatch::Read(std::size_t connection, Flow flow, std::string_view bytes,
                                Moment now) {
  Stream& stream = streams_[{connection, flow}];
  stream.held += bytes;
  std::string_view left = stream.held;
  if (!stream.has_begun && flow == Flow::kToServer) {
    if (left.size() < kProtocolHeader.size()) return;
    if (!left.starts_with(kProtocolHeader)) throw std::runtime_error("this is not AMQP 0-9-1");
    left.remove_prefix(kProtocolHeader.size());
  }
  stream.has_begun = true;
  for (;;) {
    const auto skipped = std::min<std::uint64_t>(stream.to_skip, left.size());
    left.remove_prefix(skipped);
    stream.to_skip -= skipped;
    if (left.size() < kFrameHeaderBytes) break;
    std::string_view frame = left;
    const auto type = Take<std::uint8_t>(frame);
    const auto channel = Take<std::uint16_t>(frame);
    const auto size = Take<std::uint32_t>(frame);
    const std::uint64_t whole = kFrameHeaderBytes + std::uint64_t{size} + 1;
    if (type == kHeaderFrame || type == kBodyFrame || type == kHeartbeatFrame) {
      stream.to_skip = whole;
      continue;
    }
    if (type != kMethodFrame) throw std::runtime_error("no frame of type " + std::to_string(type));
    if (left.size() < whole) break;
    if (frame[size] != kFrameEnd) throw std::runtime_error("a frame does not end where it should");
    OnMethod({connection, channel}, flow, frame.substr(0, size), now);
    left.remove_prefix(whole);
  }
  stream.held.erase(0, stream.held.size() - left.size());
}

void AcknowledgementWatch::OnMethod(const Channel& channel, Flow flow, std::string_view payload,
                                    Moment now) {
  const auto method = Take<std::uint32_t>(payload);  // class and method
  if (method == kBasicDeliver && flow == Flow::kToClient) {
    const auto consumer_bytes = Take<std::uint8_t>(payload);
    payload.remove_prefix(std::min<std::size_t>(consumer_bytes, payload.size()));
    OnDelivery(channel, Take<std::uint64_t>(payload), now);
  } else if (method == kBasicAck && flow == Flow::kToServer) {  // to the client: a confirm
    const auto tag = Take<std::uint64_t>(payload);
    OnAcknowledgement(channel, tag, (Take<std::uint8_t>(payload) & 1U) != 0, now);
  }
}

void AcknowledgementWatch::OnDelivery(const Channel& channel, std::uint64_t tag, Moment now) {
  std::uint64_t& last = last_tags_[channel];
  if (tag <= last) throw std::runtime_error("delivery " + std::to_string(tag) + " came twice");
  last = tag;
  unacknowledged_.emplace(Tag(channel.first, channel.second, tag), now);
}

void AcknowledgementWatch::OnAcknowledgement(const Channel& channel, std::uint64_t tag,
                                             bool multiple, Moment now) {
  const bool is_all = multiple && tag == 0;
  const auto [connection, number] = channel;
  const Tag first(connection, number, multiple ? 0 : tag);
  const Tag last(connection, number, is_all ? std::numeric_limits<std::uint64_t>::max() : tag);
  const auto begin = unacknowledged_.lower_bound(first);
  const auto end = unacknowledged_.upper_bound(last);
  if (!is_all && !unacknowledged_.contains(last)) {
    throw std::runtime_error("acknowledgement of " + std::to_string(tag) +
                             ", which was not delivered or is acknowledged already");
  }
  for (auto delivery = begin; delivery != end; ++delivery)
    took_.push_back(std::chrono::duration<double, std::milli>(now - delivery->second).count());
  unacknowledged_.erase(begin, end);
}

void AcknowledgementWatch::Await(std::size_t deliveries, std::chrono::seconds limit) {
  std::unique_lock lock(mutex_);
  const bool came = changed_.wait_for(
      lock, limit, [&] { return took_.size() >= deliveries || !not_understood_.empty(); });
  ThrowIfNotUnderstood();
  if (!came) throw std::runtime_error(Counts() + ", and there are " + std::to_string(deliveries));
}

std::vector<double> AcknowledgementWatch::Took(std::size_t deliveries) const {
  const std::scoped_lock lock(mutex_);
  ThrowIfNotUnderstood();
  if (took_.size() != deliveries || !unacknowledged_.empty())
    throw std::runtime_error(Counts() + ", and there are " + std::to_string(deliveries));
  return took_;
}

void AcknowledgementWatch::ThrowIfNotUnderstood() const {
  if (!not_understood_.empty()) throw std::runtime_error(not_understood_);
}

std::string AcknowledgementWatch::Counts() const {
  return std::to_string(took_.size() + unacknowledged_.size()) + " letters were delivered, " +
         std::to_string(took_.size()) + " acknowledged";
}

}  // namespace deadletter::bench
