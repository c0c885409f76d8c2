#include "tests/support/other_authorities.h"

#include "tests/folders.h"

namespace deadletter::test {

Finished AskManagement(const std::string& url, const std::string& ca_file,
                       const std::string& systems) {
  return RunProgram(
      {DEADLETTER_BINARY_DIR "/tests/deadletter_ask_management", url, ca_file},
      {{{"LD_PRELOAD", DEADLETTER_BINARY_DIR "/tests/deadletter_other_authorities.so"},
        {"OTHER_AUTHORITIES", systems}},
       {}});
}

}  // namespace deadletter::test
