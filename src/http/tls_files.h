// The server's certificate and key, looked at without serving.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace deadletter::http {

// Until when our own certificate is good. The error names the file that a server could not use.
[[nodiscard]] Result<Instant> TlsFilesGoodUntil(const std::string& certificate_file,
                                                const std::string& key_file);

}  // namespace deadletter::http
