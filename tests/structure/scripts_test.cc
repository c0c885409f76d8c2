// scripts/: what is typed wrong is said in one line before anything is done, and each tells how it
// is used.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "tests/structure/source_tree.h"
#include "tests/support/child_process.h"
#include "tests/support/temporary_folder.h"

namespace deadletter {
namespace {

using test::Finished;
using test::ProjectFolder;

namespace fs = std::filesystem;

struct Mistake {
  std::vector<std::string> words;  // the script first
  std::string said;
  std::map<std::string, std::string> environment{};
};

std::vector<Mistake> Mistakes() {
  const std::string nowhere = "/nowhere/at/all";
  return {
      {{"bench", "bogus"}, "there is no scenario 'bogus'"},
      {{"bench", "road", "bogus"}, "there is no scenario 'bogus'"},
      {{"bench", "road"}, "SIZE is small or full, not 'large'", {{"SIZE", "large"}}},
      {{"bench", "road"}, "RUNS is a whole number, not 'many'", {{"RUNS", "many"}}},
      {{"build", "--bogus"}, "'--bogus' is not --with-tests"},
      {{"build", "--with-tests", "--bogus"}, "'--bogus' is no target"},
      {{"format", "--bogus"}, "'--bogus' is not --fix"},
      {{"format", "--fix", "more"}, "one argument at most, not 2"},
      {{"fuzz"}, "build, run, campaign or keep?"},
      {{"fuzz", "bogus"}, "'bogus' is not build, run, campaign or keep"},
      {{"fuzz", "build", "more"}, "build takes no argument, and not 'more'"},
      {{"fuzz", "run", "soon"}, "run needs a whole number of seconds, not 'soon'"},
      {{"fuzz", "run", "1", "bogus"}, "no target 'bogus'"},
      {{"fuzz", "campaign"}, "campaign needs a whole number of minutes, not ''"},
      {{"fuzz", "keep", "bogus"}, "no target 'bogus'"},
      {{"fuzz", "run", "1"}, "SEED is a number", {{"SEED", "x"}}},
      {{"install-dependencies", "bogus"}, "'bogus' is not build, test or lint"},
      {{"lint", "--bogus"}, "'--bogus' is not --changed, nor a file"},
      {{"lint", "--changed", "more"}, "--changed stands alone, without 'more'"},
      {{"lint", nowhere}, "there is no file " + nowhere},
      {{"model", "bogus"}, "no case has all of these words: bogus"},
      {{"mutants", "bogus"}, "there is no tests/mutants/bogus.patch"},
      {{"private-postgres"}, "start, standby, stop,"},
      {{"private-postgres", "bogus", nowhere}, "'bogus' is not start, standby, stop,"},
      {{"private-postgres", "start"}, "start needs a folder"},
      {{"private-postgres", "start", nowhere, "x"}, "PID is a process's number, not 'x'"},
      {{"private-postgres", "standby", nowhere}, "standby needs the folder of the server"},
      {{"private-postgres", "stop", nowhere, "more"}, "stop takes a folder, and not also 'more'"},
      {{"private-rabbitmq"}, "start, stop, kill,"},
      {{"private-rabbitmq", "bogus", nowhere}, "'bogus' is not start, stop, kill,"},
      {{"private-rabbitmq", "show"}, "show needs a folder"},
      {{"private-rabbitmq", "start", nowhere, "x"}, "PID is a process's number, not 'x'"},
      {{"private-rabbitmq", "stop", nowhere, "more"}, "stop takes a folder, and not also 'more'"},
      {{"private-rabbitmq", "ask", nowhere}, "ask needs an expression"},
      {{"private-rabbitmq", "ask", nowhere, ""}, "ask needs an expression"},
      {{"private-rabbitmq", "ask", nowhere, "1.", "more"}, "and not also 'more'"},
      {{"private-rabbitmq", "ctl", nowhere}, "ctl needs an argument for rabbitmqctl"},
      {{"run", "bogus"}, "BROKER is embedded or rabbitmq, not 'bogus'"},
      {{"run", "embedded", "more"}, "one argument at most, and not also 'more'"},
      {{"soak", "soon"}, "MINUTES is a whole number from 1 on, not 'soon'"},
      {{"soak", "0"}, "MINUTES is a whole number from 1 on, not '0'"},
      {{"soak", "1", "x"}, "SEED is a number, as a report gives it, not 'x'"},
      {{"soak", "1", "18446744073709551616"}, "SEED is a number, as a report gives it, not '1844"},
      {{"soak", "1", "123456789012345678901"}, "SEED is a number, as a report gives it, not '123"},
      {{"soak", "1", "1", "/proc/x"}, "REPORT cannot be written: /proc/x"},
      {{"soak", "1", "1", "/"}, "REPORT is a folder: /"},
      {{"soak", "1", "1", nowhere}, "there is no folder /nowhere/at for the report"},
      {{"soak", "1", "1", "", "more"}, "MINUTES, SEED and REPORT, and not also 'more'"},
      {{"test", "bogus"}, "'bogus' is none of ctest's options"},
      {{"test", "--bogus"}, "'--bogus' is none of ctest's options"},
      {{"fuzz", "run", "1"}, "SEED is a number from 1 on", {{"SEED", "0"}}},
      {{"test-all", "more"}, "it takes no argument, and not 'more'"},
      {{"test-load", "bogus"}, "'bogus' is none of GoogleTest's options"},
      {{"test-sanitized"}, "asan+ubsan or tsan?"},
      {{"test-sanitized", "bogus"}, "'bogus' is not asan+ubsan or tsan"},
      {{"test-sanitized", "tsan", "bogus"}, "'bogus' is not sample"},
      {{"test-sanitized", "asan+ubsan", "sample"}, "takes no argument, and not 'sample'"},
      {{"test-sanitized", "tsan", "sample", "extra"},
       "two arguments at most, and not also 'extra'"},
  };
}

// Says which packages are there.
constexpr std::string_view kPackages = "dpkg-query";

// The programs with which scripts begin what takes time, in the way of the real ones: each notes
// that it was begun, and fails; but all packages are there, so that nobody installs any.
class Scripts : public testing::Test {
 protected:
  Scripts() {
    for (const char* program :
         {"apt-get", "clang-format-19", "clang-tidy-19", "cmake", "ctest", "dpkg-query", "git",
          "initdb", "mkdir", "patch", "setsid", "spin"}) {
      const fs::path file = folder_.path() / program;
      std::ofstream(file) << "#!/bin/sh\necho " << program << " >>'" << Begun() << "'\n"
                          << (program == kPackages ? "echo installed\n" : "exit 1\n");
      fs::permissions(file, fs::perms::owner_all);
    }
  }
  [[nodiscard]] std::string Begun() const { return (folder_.path() / "begun").string(); }

  [[nodiscard]] Finished Run(const std::vector<std::string>& words,
                             std::map<std::string, std::string> environment = {}) const {
    std::vector<std::string> command = words;
    command.front() = (ProjectFolder() / "scripts" / words.front()).string();
    environment["PATH"] = folder_.path().string() + ":/usr/bin:/bin";
    return test::RunProgram(std::move(command), {std::move(environment), folder_.path().string()});
  }

  [[nodiscard]] static std::set<std::string> All() {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(ProjectFolder() / "scripts")) {
      const bool is_program =
          (entry.status().permissions() & fs::perms::owner_exec) != fs::perms::none;
      if (is_program) names.insert(entry.path().filename());
    }
    return names;
  }

  const test::TemporaryFolder folder_;
};

TEST_F(Scripts, SayInOneLineWhatWasTypedWrongAndBeginNothing) {
  for (const Mistake& mistake : Mistakes()) {
    const Finished refused = Run(mistake.words, mistake.environment);
    const std::string line = testing::PrintToString(mistake.words);
    EXPECT_EQ(refused.status, 2) << line << refused.output;
    EXPECT_EQ(refused.standard_output, "") << line;
    EXPECT_THAT(refused.output, testing::StartsWith(mistake.words.front() + ": ")) << line;
    EXPECT_THAT(refused.output, testing::HasSubstr(mistake.said)) << line;
    EXPECT_EQ(std::ranges::count(refused.output, '\n'), 1) << line << refused.output;
    EXPECT_FALSE(fs::exists(Begun())) << line << " began " << test::ReadText(Begun());
  }
}

TEST_F(Scripts, EachIsTypedWrongAtLeastOnce) {
  std::set<std::string> mistaken;
  for (const Mistake& mistake : Mistakes()) mistaken.insert(mistake.words.front());
  EXPECT_THAT(mistaken, testing::ContainerEq(All()));
}

TEST_F(Scripts, EachTellsHowItIsUsed) {
  for (const std::string& name : All()) {
    for (const char* help : {"--help", "-h"}) {
      const Finished told = Run({name, help});
      EXPECT_EQ(told.status, 0) << name << told.output;
      EXPECT_EQ(told.output, told.standard_output) << name;
      EXPECT_THAT(told.output, testing::HasSubstr("Usage:")) << name;
      EXPECT_THAT(told.output, testing::HasSubstr("scripts/" + name)) << name;
      EXPECT_THAT(told.output, testing::Not(testing::HasSubstr("set -"))) << name;
      EXPECT_FALSE(fs::exists(Begun())) << name;
    }
  }
}

TEST_F(Scripts, AReportThatCanBeWrittenIsNotTouchedBeforeThereIsOne) {
  const fs::path report = folder_.path() / "report.md";
  // What it would begin with then is not there.
  EXPECT_NE(Run({"soak", "1", "18446744073709551615", report.string()}).status, 2);
  EXPECT_FALSE(fs::exists(report));
  EXPECT_TRUE(fs::exists(Begun()));
  std::ofstream(report) << "of last time\n";
  EXPECT_NE(Run({"soak", "1", "", report.string()}).status, 2);
  EXPECT_EQ(test::ReadText(report), "of last time\n");
}

}  // namespace
}  // namespace deadletter
