#include "tests/support/event_reader.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string_view>

namespace deadletter::test {
namespace {

constexpr int kLimitSeconds = 30;

// What stands on the block's lines that begin so.
std::string FieldOf(const std::string& block, const std::string& name) {
  const std::string begin = name + ": ";
  const std::size_t at = block.starts_with(begin) ? 0 : block.find("\n" + begin);
  if (at == std::string::npos) return "";
  const std::size_t from = at + begin.size() + (at == 0 && block.starts_with(begin) ? 0 : 1);
  return block.substr(from, block.find('\n', from) - from);
}

}  // namespace

EventReader::EventReader(std::uint16_t port, const std::string& path,
                         const EventReaderOptions& options) {
  Connect(port, path, options);
}

EventReader::EventReader(const std::string& url, const EventReaderOptions& options) {
  const std::size_t colon = url.rfind(':');
  const std::size_t slash = url.find('/', colon);
  const std::string base = slash == std::string::npos ? "" : url.substr(slash);
  Connect(static_cast<std::uint16_t>(std::stoi(url.substr(colon + 1))), base + "/v1/events",
          options);
}

EventReader::~EventReader() {
  ::close(socket_);
}

void EventReader::Connect(std::uint16_t port, const std::string& path,
                          const EventReaderOptions& options) {
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval limit{.tv_sec = kLimitSeconds, .tv_usec = 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  if (options.receive_buffer_bytes != 0) {
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &options.receive_buffer_bytes,
                 sizeof options.receive_buffer_bytes);
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return;
  const std::string request = "GET " + path +
                              " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) + "\r\n" +
                              options.headers + "\r\n";
  (void)::send(socket_, request.data(), request.size(), MSG_NOSIGNAL);
}

bool EventReader::ReadSome() {
  std::array<char, 65536> buffer;
  const ssize_t read = ::recv(socket_, buffer.data(), buffer.size(), 0);
  if (read <= 0) return false;
  raw_.append(buffer.data(), static_cast<std::size_t>(read));
  return true;
}

const std::string& EventReader::head() {
  std::size_t end = std::string::npos;
  while (!head_is_read_ && (end = raw_.find("\r\n\r\n")) == std::string::npos) {
    if (!ReadSome()) return head_;
  }
  if (head_is_read_) return head_;
  head_is_read_ = true;
  head_ = raw_.substr(0, end + 2);
  raw_.erase(0, end + 4);
  return head_;
}

int EventReader::status() {
  return head().empty() ? 0 : std::stoi(head_.substr(head_.find(' ')));
}

bool EventReader::ReadChunk() {
  if (has_last_chunk_ || head().empty()) return false;
  std::size_t line = 0;
  while ((line = raw_.find("\r\n")) == std::string::npos) {
    if (!ReadSome()) return false;
  }
  const std::size_t size = std::stoul(raw_.substr(0, line), nullptr, 16);
  while (raw_.size() < line + 2 + size + 2) {
    if (!ReadSome()) return false;
  }
  stream_ += raw_.substr(line + 2, size);
  raw_.erase(0, line + 2 + size + 2);
  has_last_chunk_ = size == 0;
  return !has_last_chunk_;
}

std::optional<TestEvent> EventReader::Next() {
  while (true) {
    std::size_t end = 0;
    while ((end = stream_.find("\n\n")) == std::string::npos) {
      if (!ReadChunk()) return std::nullopt;
    }
    const std::string block = stream_.substr(0, end);
    stream_.erase(0, end + 2);
    if (block.starts_with(':')) return TestEvent{.name = "", .id = "", .data = block.substr(1)};
    TestEvent event{.name = FieldOf(block, "event"),
                    .id = FieldOf(block, "id"),
                    .data = FieldOf(block, "data")};
    if (!event.name.empty()) return event;
  }
}

std::optional<TestEvent> EventReader::NextOf(
    const std::string& name, const std::function<bool(const std::string& data)>& fits) {
  while (auto event = Next()) {
    if (event->name == name && (!fits || fits(event->data))) return event;
  }
  return std::nullopt;
}

bool EventReader::EndsInOrder() {
  while (ReadChunk()) continue;
  return has_last_chunk_;
}

std::size_t EventReader::BytesLeft() {
  while (ReadSome()) continue;
  return raw_.size();
}

}  // namespace deadletter::test
