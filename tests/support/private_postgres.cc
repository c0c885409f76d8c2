#include "tests/support/private_postgres.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

#include "tests/folders.h"
#include "tests/support/child_process.h"
#include "tests/support/platform_connection.h"

namespace deadletter::test {
namespace {

std::unique_ptr<PrivatePostgres>& Shared() {
  static std::unique_ptr<PrivatePostgres> shared;
  return shared;
}

// Ends the shared server while the process is still whole.
class EndShared final : public testing::Environment {
 public:
  void TearDown() override { Shared().reset(); }
};

}  // namespace

PrivatePostgres& SharedPostgres() {
  auto& shared = Shared();
  if (!shared) {
    static const auto* const environment = testing::AddGlobalTestEnvironment(new EndShared);
    (void)environment;
    shared = std::make_unique<PrivatePostgres>();
  }
  return *shared;
}

PrivatePostgres::PrivatePostgres() {
  Start();
}

PrivatePostgres::PrivatePostgres(const std::map<std::string, std::string>& environment) {
  std::ofstream file(folder_ / "environment");
  for (const auto& [name, value] : environment) file << name << "=" << value << "\n";
  file.close();
  Start();
}

PrivatePostgres::PrivatePostgres(Standby, const PrivatePostgres& primary) {
  Script("standby", {primary.folder(), std::to_string(getpid())});
}

PrivatePostgres::~PrivatePostgres() {
  try {
    Script("remove");
  } catch (const std::runtime_error& error) {
    ADD_FAILURE() << error.what();
  }
}

void PrivatePostgres::Start() {
  Script("start", {std::to_string(getpid())});
}

void PrivatePostgres::Stop() {
  Script("stop");
}

void PrivatePostgres::Kill() {
  Script("kill");
}

void PrivatePostgres::Restart() {
  Script("restart");
}

void PrivatePostgres::Freeze() {
  Script("freeze");
}

void PrivatePostgres::Thaw() {
  Script("thaw");
}

void PrivatePostgres::Script(const std::string& command, std::vector<std::string> more) {
  std::vector<std::string> line = {DEADLETTER_SOURCE_DIR "/scripts/private-postgres", command,
                                   folder_.path()};
  std::ranges::move(more, std::back_inserter(line));
  const auto done = RunProgram(std::move(line));
  if (done.status != 0) throw std::runtime_error(done.output);
  std::istringstream lines(done.standard_output);
  for (std::string said; std::getline(lines, said);) {
    const auto equals = said.find('=');
    const std::string value = said.substr(equals + 1);
    if (said.starts_with("PID=")) pid_ = std::stoi(value);
    if (!said.starts_with("POSTGRES_URL=")) continue;
    address_ = value.substr(0, value.rfind('/') + 1);
    const auto begin = value.find(':', value.find("//")) + 1;
    password_ = value.substr(begin, value.find('@') - begin);
  }
}

std::string PrivatePostgres::Url(const std::string& database) const {
  return address_ + database;
}

std::string PrivatePostgres::MakeDatabase(const std::string& name) {
  const std::string database = name + std::to_string(++databases_);
  PlatformConnection(Url()).Run("CREATE DATABASE \"" + database + "\"");
  return Url(database);
}

}  // namespace deadletter::test
