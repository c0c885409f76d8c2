#include "app/doctor_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "tests/support/temporary_folder.h"

namespace deadletter {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

auto Is(DiagnosisLevel level, const std::string& check, const std::string& seen = "",
        const std::string& advice = "") {
  return AllOf(Field(&Diagnosis::level, level), Field(&Diagnosis::check, HasSubstr(check)),
               Field(&Diagnosis::seen, HasSubstr(seen)),
               Field(&Diagnosis::advice, HasSubstr(advice)));
}

class DoctorConfig : public testing::Test {
 protected:
  DoctorConfig() {
    config_.http.host = "127.0.0.1";
    config_.http.port = 8025;
    config_.http.base_path = "/";
  }
  [[nodiscard]] std::vector<Diagnosis> Troubles() const {
    auto all = JudgeConfiguration(config_, facts_);
    std::erase_if(all, [](const auto& one) { return one.level == DiagnosisLevel::kOk; });
    return all;
  }
  [[nodiscard]] std::string MakeFile(const std::string& name, int mode) const {
    const std::string path = folder_ / name;
    std::ofstream(path) << "x";
    chmod(path.c_str(), static_cast<mode_t>(mode));
    return path;
  }

  const test::TemporaryFolder folder_;
  Config config_;
  LocalFacts facts_;
  SystemClock clock_;
};

TEST_F(DoctorConfig, TheDefaultsAreOk) {
  EXPECT_THAT(Troubles(), IsEmpty());
}

TEST_F(DoctorConfig, AWarningOfTheConfigurationIsOneOfTheDoctors) {
  config_.warnings = {"unknown variable DEADLETTER_X"};
  EXPECT_THAT(Troubles(), ElementsAre(Is(DiagnosisLevel::kWarning, "configuration",
                                         "unknown variable DEADLETTER_X")));
}

TEST_F(DoctorConfig, FilesAreLookedAtForWhoMayReadAndChangeThem) {
  config_.broker.ca_file = MakeFile("ca.pem", 0644);
  config_.broker.key_file = MakeFile("key.pem", 0644);
  config_.broker.cert_file = folder_ / "none.pem";
  config_.http.port = 0;
  facts_ = LookAtMachine(config_, clock_);
  EXPECT_THAT(
      Troubles(),
      ElementsAre(Is(DiagnosisLevel::kWrong, "broker.cert_file", "cannot be read"),
                  Is(DiagnosisLevel::kWrong, "broker.key_file", "everybody", "chmod o-rwx")));
  chmod(config_.broker.key_file->c_str(), 0620);
  facts_ = LookAtMachine(config_, clock_);
  EXPECT_THAT(Troubles(), Contains(Is(DiagnosisLevel::kWrong, "broker.key_file", "may change it")));
}

TEST_F(DoctorConfig, AFileWithAPasswordThatEverybodyMayReadIsAWarning) {
  config_.file = MakeFile("deadletter.toml", 0644);
  config_.broker.urls = {"amqp://clerk:secret@rabbit/"};
  config_.http.port = 0;
  config_.origins["broker.url"] = *config_.file + ":2";
  facts_ = LookAtMachine(config_, clock_);
  EXPECT_THAT(Troubles(), ElementsAre(Is(DiagnosisLevel::kWarning, "configuration file")));
  config_.broker.urls = {"amqp://rabbit/"};
  facts_ = LookAtMachine(config_, clock_);
  EXPECT_THAT(Troubles(), IsEmpty());
  config_.broker.urls = {"amqp://clerk:secret@rabbit/"};
  config_.origins["broker.url"] = "DEADLETTER_BROKER_URL";
  facts_ = LookAtMachine(config_, clock_);
  EXPECT_THAT(Troubles(), IsEmpty()) << "the password is not in it";
}

TEST_F(DoctorConfig, AnAddressOfAnotherMachineIsWrong) {
  config_.http.host = "192.0.2.1";  // of nobody (RFC 5737)
  config_.http.tls_cert = "unused";
  facts_.address_error = LookAtMachine(config_, clock_).address_error;
  ASSERT_TRUE(facts_.address_error);
  EXPECT_THAT(Troubles(), Contains(Is(DiagnosisLevel::kWrong, "address 192.0.2.1", "listened on")));
}

TEST_F(DoctorConfig, WhoHasTheAddressAlreadyIsToldApart) {
  facts_.occupant = Occupant::kOurs;
  EXPECT_THAT(Troubles(), IsEmpty());
  facts_.occupant = Occupant::kUnclear;
  EXPECT_THAT(Troubles(), ElementsAre(Is(DiagnosisLevel::kUnknown, "address")));
  facts_.occupant = Occupant::kSomebody;
  EXPECT_THAT(Troubles(), ElementsAre(Is(DiagnosisLevel::kWrong, "address", "somebody else")));
}

TEST_F(DoctorConfig, TokensInClearTextOverANetworkAreAWarning) {
  config_.http.host = "0.0.0.0";
  config_.tokens_file = "tokens";
  facts_.tokens = 1;
  EXPECT_THAT(Troubles(), ElementsAre(Is(DiagnosisLevel::kWarning, "TLS", "clear text")));
  config_.http.tls_cert = "cert.pem";
  EXPECT_THAT(Troubles(), IsEmpty());
}

TEST_F(DoctorConfig, ACertificateIsToldBeforeItEnds) {
  config_.http.tls_cert = "cert.pem";
  facts_.now = Instant(std::chrono::hours(24 * 100));
  const auto level = [&](int days) {
    facts_.certificate_good_until = facts_.now + std::chrono::hours(24 * days);
    const auto troubles = Troubles();
    return troubles.empty() ? DiagnosisLevel::kOk : troubles.front().level;
  };
  EXPECT_EQ(level(30), DiagnosisLevel::kOk);
  EXPECT_EQ(level(13), DiagnosisLevel::kWarning);
  EXPECT_EQ(level(0), DiagnosisLevel::kWrong);
  facts_.tls_error = "it does not belong to http.tls_cert";
  EXPECT_THAT(Troubles(), ElementsAre(Is(DiagnosisLevel::kWrong, "certificate", "belong")));
}

TEST_F(DoctorConfig, TokensThatNoServerWouldStartWithAreWrong) {
  config_.tokens_file = "tokens";
  EXPECT_THAT(Troubles(), ElementsAre(Is(DiagnosisLevel::kWarning, "access tokens", "none")));
  facts_.tokens_error = "cannot be read";
  EXPECT_THAT(Troubles(), ElementsAre(Is(DiagnosisLevel::kWrong, "access tokens", "cannot")));
  facts_.tokens_error.reset();
  facts_.tokens_problems = {"line 1 is wrong", "line 2 is wrong"};
  EXPECT_THAT(Troubles(),
              ElementsAre(Is(DiagnosisLevel::kWrong, "access tokens", "line 1 is wrong (and 1")));
}

}  // namespace
}  // namespace deadletter
