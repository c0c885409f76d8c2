// A program of its own that asks the management API, on a system that trusts other authorities than
// this one does.
#pragma once

#include <string>

#include "tests/support/child_process.h"

namespace deadletter::test {

// `systems`: a folder that stands for the system's own, /etc/ssl/certs. `ca_file`: what the client
// is told to trust; empty: nothing in particular. Exit status 0: there was an answer.
[[nodiscard]] Finished AskManagement(const std::string& url, const std::string& ca_file,
                                     const std::string& systems);

}  // namespace deadletter::test
