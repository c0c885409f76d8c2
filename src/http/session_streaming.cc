// Of a session: answers that are made while they are sent.
#include <fmt/format.h>

#include <boost/asio/post.hpp>
#include <exception>
#include <sstream>
#include <utility>

#include "http/session.h"
#include "telemetry/log.h"

namespace deadletter::http {
namespace {

namespace asio = boost::asio;

Result<std::optional<std::string>> SafelyMore(const MoreOfBody& more) {
  try {
    return more();
  } catch (const std::exception& error) {
    return Fail(error.what());
  }
}

constexpr const char* kLastChunk = "0\r\n\r\n";

// A part as RFC 9112 has it in a chunked body; an empty one would be taken for the end.
std::string ChunkOf(std::string_view part) {
  return part.empty() ? std::string() : fmt::format("{:x}\r\n{}\r\n", part.size(), part);
}

}  // namespace

// A body that is made while it is sent, a chunk a part. The parts are small enough to be counted,
// not refused: there are few such answers.
void Session::BeginStream(Response response) {
  std::ostringstream head;
  head << message_.base();
  if (head_only_) return SendPart(head.str());
  streams_ = true;
  ++sessions_.streams;
  more_ = std::move(response.more);
  SendPart(head.str() + ChunkOf(response.body));
}

void Session::SendPart(std::string bytes) {
  part_ = std::move(bytes);
  sent_ = 0;
  if (part_.size() > kSmallAnswerBytes) held_bytes_ = part_.size();
  sessions_.answer_bytes += held_bytes_;
  SendSome();
}

void Session::SendSome() {
  stream_.tcp().expires_after(sessions_.limits.client_timeout);
  stream_.async_write_some(asio::buffer(part_.data() + sent_, part_.size() - sent_),
                           [self = shared_from_this()](ErrorCode error, std::size_t bytes) {
                             self->OnSent(error, bytes);
                           });
}

void Session::OnSent(ErrorCode error, std::size_t bytes) {
  if (error) return Close();
  sent_ += bytes;
  if (sent_ < part_.size()) return SendSome();
  ReleaseAnswer();
  part_ = std::string();
  if (more_) return AskMore();
  EndStream();
  EndAnswer();
}

void Session::AskMore() {
  if (sessions_.draining) return OnMore(Fail("the server is stopping"));
  asio::post(workers_, [self = shared_from_this()]() mutable {
    auto part = SafelyMore(self->more_);
    auto& stream = self->stream_;
    asio::post(stream.get_executor(), [self = std::move(self), part = std::move(part)]() mutable {
      self->OnMore(std::move(part));
    });
  });
}

void Session::OnMore(Result<std::optional<std::string>> part) {
  if (!part) {
    LogWarning("answer_cut_short", {{"why", part.error().message}});
    return Close();
  }
  if (*part) return SendPart(ChunkOf(**part));
  more_ = nullptr;
  SendPart(kLastChunk);
}

void Session::EndStream() {
  if (std::exchange(streams_, false)) --sessions_.streams;
  more_ = nullptr;
}

}  // namespace deadletter::http
