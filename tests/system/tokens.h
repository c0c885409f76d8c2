// Access tokens, made as people make them.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "tests/folders.h"
#include "tests/support/child_process.h"

namespace deadletter::test {

// A new token in `folder`'s file, which is called "tokens".
[[nodiscard]] inline std::string NewToken(const std::string& folder, const std::string& name,
                                          const std::string& role) {
  const Finished made =
      RunProgram({DEADLETTER_BINARY_DIR "/deadletter", "token", "new", "--tokens-file",
                  folder + "/tokens", "--name", name, "--role", role},
                 {.environment = {}, .folder = folder});
  EXPECT_EQ(made.status, 0) << made.output;
  return made.standard_output.substr(0, made.standard_output.find('\n'));
}

}  // namespace deadletter::test
