#include "http/stream.h"

namespace deadletter::http {

void Stream::Read(std::vector<boost::asio::mutable_buffer> buffers, Done done) {
  if (tls_) {
    tls_->async_read_some(std::move(buffers), std::move(done));
  } else {
    clear_->async_read_some(std::move(buffers), std::move(done));
  }
}

void Stream::Write(std::vector<boost::asio::const_buffer> buffers, Done done) {
  if (tls_) {
    tls_->async_write_some(std::move(buffers), std::move(done));
  } else {
    clear_->async_write_some(std::move(buffers), std::move(done));
  }
}

}  // namespace deadletter::http
