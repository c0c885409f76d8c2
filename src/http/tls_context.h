// The server's certificate and key, ready for connections. Internal to http/.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>

#include "base/result.h"

namespace deadletter::http {

// TLS 1.2 and later. Both files are PEM; the certificate's begins with our own and goes on with
// those that lead from it to an authority. The error names the file that cannot be used.
[[nodiscard]] Result<std::unique_ptr<boost::asio::ssl::context>> MakeTlsContext(
    const std::string& certificate_file, const std::string& key_file);

}  // namespace deadletter::http
