#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "app/commands.h"

namespace deadletter {
namespace {

// Here rather than as a program: a program would find what is installed on this machine.
TEST(Serve, OffATerminalItDoesNotRunOnDefaults) {
  ConfigSources nowhere;
  nowhere.working_dir.clear();
  nowhere.system_file.clear();
  const auto config = LoadConfig(nowhere);
  ASSERT_TRUE(config) << config.error().message;
  const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  ASSERT_GE(dup2(null, STDIN_FILENO), 0);
  close(null);
  testing::internal::CaptureStderr();
  EXPECT_EQ(RunServe(*config, {.command = cli::ServeCommand(), .config = {}}), cli::kExitUsage);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), testing::HasSubstr("--embedded"));
}

}  // namespace
}  // namespace deadletter
