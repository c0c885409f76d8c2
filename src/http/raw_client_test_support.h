// For tests: a client that sends any bytes and reads what comes, without a library's good manners.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace deadletter::test {

inline constexpr const char* kJson = "Content-Type: application/json\r\n";

struct RawAnswer {
  int status = 0;       // 0: none came
  std::string headers;  // the whole head
  std::string body;
  bool is_whole = true;  // false: it ended in the middle of its chunks

  [[nodiscard]] bool Has(std::string_view header_line) const {
    return headers.find("\r\n" + std::string(header_line) + "\r\n") != std::string::npos;
  }
};

class RawClient {
 public:
  explicit RawClient(std::uint16_t port)
      : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    // So that a server that does not answer fails the test instead of hanging it.
    const timeval limit{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ =
        ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  ~RawClient() { ::close(socket_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  [[nodiscard]] bool connected() const { return connected_; }

  // False: the server does not take it any more.
  bool Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  bool SendGet(const std::string& target, const std::string& more = "") {
    return Send("GET " + target + " HTTP/1.1\r\nHost: localhost\r\n" + more + "\r\n");
  }

  // One answer, with the body that its Content-Length or its chunks tell (none after HEAD).
  RawAnswer Receive(bool head_only = false) {
    RawAnswer answer;
    const std::size_t end = ReadUntil("\r\n\r\n");
    if (end == std::string::npos) return answer;
    answer.headers = received_.substr(0, end + 4);
    received_.erase(0, end + 4);
    answer.status = std::stoi(answer.headers.substr(answer.headers.find(' ')));
    if (!head_only && answer.Has("Transfer-Encoding: chunked")) {
      while (ReadChunk(answer)) continue;
      return answer;
    }
    const std::size_t length = head_only ? 0 : ContentLength(answer.headers);
    while (received_.size() < length && ReadSome()) continue;
    answer.body = received_.substr(0, length);
    received_.erase(0, length);
    return answer;
  }

  // True once the server has closed; false where it sends instead, or nothing.
  bool IsClosed() { return received_.empty() && !ReadSome() && closed_; }

  // Waits until something can be read (an end included), at most so long.
  bool IsReadable(int milliseconds) const {
    pollfd wait{.fd = socket_, .events = POLLIN, .revents = 0};
    return ::poll(&wait, 1, milliseconds) > 0;
  }

 private:
  bool ReadSome() {
    char buffer[65536];
    const ssize_t read = ::recv(socket_, buffer, sizeof buffer, 0);
    closed_ = read == 0 || (read < 0 && errno == ECONNRESET);
    if (read <= 0) return false;
    received_.append(buffer, static_cast<std::size_t>(read));
    return true;
  }

  std::size_t ReadUntil(std::string_view mark) {
    for (;;) {
      const std::size_t at = received_.find(mark);
      if (at != std::string::npos || !ReadSome()) return at;
    }
  }

  // False: that was the last one, or it did not come.
  bool ReadChunk(RawAnswer& answer) {
    const std::size_t line = ReadUntil("\r\n");
    answer.is_whole = line != std::string::npos;
    if (!answer.is_whole) return false;
    const std::size_t size = std::stoul(received_.substr(0, line), nullptr, 16);
    received_.erase(0, line + 2);
    while (received_.size() < size + 2 && ReadSome()) continue;
    answer.is_whole = received_.size() >= size + 2;
    answer.body += received_.substr(0, size);
    received_.erase(0, size + 2);
    return answer.is_whole && size > 0;
  }

  static std::size_t ContentLength(const std::string& headers) {
    const std::size_t at = headers.find("Content-Length: ");
    return at == std::string::npos ? 0 : std::stoul(headers.substr(at + 16));
  }

  int socket_;
  bool connected_ = false;
  bool closed_ = false;
  std::string received_;
};

}  // namespace deadletter::test
