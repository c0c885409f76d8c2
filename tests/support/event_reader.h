// A client of server-sent events, for tests: reads one after the other as they come, or does not
// read at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace deadletter::test {

struct TestEvent {
  std::string name;  // empty: a comment, whose text is the data
  std::string id;
  std::string data;
};

struct EventReaderOptions {
  std::string headers = {};      // lines, each with its end
  int receive_buffer_bytes = 0;  // 0: as the kernel likes
};

// One thread. What does not come within half a minute is taken for never.
class EventReader {
 public:
  // Asks 127.0.0.1 for `path`, and reads nothing yet.
  EventReader(std::uint16_t port, const std::string& path, const EventReaderOptions& options = {});
  // `url`: http://127.0.0.1:PORT and perhaps a path, below which /v1/events is.
  explicit EventReader(const std::string& url, const EventReaderOptions& options = {});
  ~EventReader();
  EventReader(const EventReader&) = delete;
  EventReader& operator=(const EventReader&) = delete;

  // Of the answer's head, which is waited for; 0: none came.
  [[nodiscard]] int status();
  [[nodiscard]] const std::string& head();
  // The next event or comment; nothing: it has ended, or nothing comes.
  [[nodiscard]] std::optional<TestEvent> Next();
  // The next one of that name for which `fits` holds; the others are passed over.
  [[nodiscard]] std::optional<TestEvent> NextOf(
      const std::string& name, const std::function<bool(const std::string& data)>& fits = nullptr);
  // Reads to the end. True: the last chunk came, nobody cut it short.
  [[nodiscard]] bool EndsInOrder();
  // Everything that is still there, of a connection that the server has let go of: a client hears
  // of that when it reads.
  [[nodiscard]] std::size_t BytesLeft();

 private:
  void Connect(std::uint16_t port, const std::string& path, const EventReaderOptions& options);
  bool ReadSome();
  [[nodiscard]] bool ReadChunk();

  int socket_ = -1;
  bool head_is_read_ = false;
  bool has_last_chunk_ = false;
  std::string head_;
  std::string raw_;     // not yet taken out of its chunks
  std::string stream_;  // of events
};

}  // namespace deadletter::test
