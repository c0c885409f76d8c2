// The management API over TLS: whom we trust, and what becomes of a server that is silent or says
// too much. A real broker where it can be one; else a listener that does what no broker does.
#include <filesystem>

#include "broker/rabbitmq/management.h"
#include "tests/support/certificates.h"
#include "tests/support/child_process.h"
#include "tests/support/other_authorities.h"
#include "tests/support/rabbit_fixture.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tls_listener.h"

namespace deadletter::rabbitmq {
namespace {

using test::Certificates;
using test::TlsListener;
using test::TlsListenerOptions;
using testing::AnyOf;
using testing::HasSubstr;

constexpr std::size_t kLongestAnswer = std::size_t{64} << 20;
constexpr std::chrono::seconds kTooLong{20};

const Certificates& Ours() {
  static const Certificates certificates;
  return certificates;
}

TlsListenerOptions Listening() {
  return {.certificate = Ours().server(), .key = Ours().key()};
}

BrokerResult<boost::json::value> Ask(const Options& options,
                                     std::chrono::seconds limit = std::chrono::seconds(10)) {
  return Management::Make(options, limit).value().Get("/api/overview");
}

BrokerResult<boost::json::value> Ask(const TlsListener& listener, const std::string& authority,
                                     std::chrono::seconds limit = std::chrono::seconds(10),
                                     const std::string& host = "127.0.0.1") {
  Options options;
  options.management_url = "https://guest:guest@" + host + ":" + std::to_string(listener.port());
  options.ca_file = authority;
  return Ask(options, limit);
}

void ExpectRefusedCertificate(const BrokerResult<boost::json::value>& answer) {
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().fault, BrokerFault::kUnreachable);
  EXPECT_THAT(answer.error().message, AnyOf(HasSubstr("certificate"), HasSubstr("SSL: no alt")));
}

class ManagementTlsTest : public RabbitFixture {
 protected:
  ManagementTlsTest() {
    options_.management_url = node_.ManagementTlsUrl();
    options_.ca_file = node_.ca_file();
  }
};

TEST_F(ManagementTlsTest, ABrokerWhoseCertificateTheAuthorityOfCaFileSignedIsAsked) {
  const auto answer = Ask(options_);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_THAT(std::string(answer->at("node").as_string()), HasSubstr("deadletter"));
}

TEST_F(ManagementTlsTest, ABrokerOfAnotherAuthorityIsRefused) {
  options_.ca_file = Ours().authority();
  ExpectRefusedCertificate(Ask(options_));
}

// Then it is the system's authorities that we trust, of which the test's is none.
TEST_F(ManagementTlsTest, WithoutCaFileABrokerOfAPrivateAuthorityIsRefused) {
  options_.ca_file.clear();
  ExpectRefusedCertificate(Ask(options_));
}

TEST(ManagementTls, AnotherAuthorityIsRefusedBeforeUserAndPasswordAreSaid) {
  const TlsListener listener(Listening());
  ExpectRefusedCertificate(Ask(listener, Ours().stranger()));
  EXPECT_EQ(listener.connections(), 1);
  EXPECT_EQ(listener.requests(), 0);
  const auto answer = Ask(listener, Ours().authority());
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(listener.requests(), 1);
}

// The system trusts the authority that signed it, in either of the two forms in which it may: that
// counts where there is no ca_file, and no longer where there is one.
TEST(ManagementTls, WithCaFileTheSystemsAuthoritiesAreTrustedNoLonger) {
  const TlsListener listener(Listening());
  const std::string url = "https://guest:guest@127.0.0.1:" + std::to_string(listener.port());
  const test::Finished hash =
      test::RunProgram({"openssl", "x509", "-noout", "-hash", "-in", Ours().authority()});
  ASSERT_EQ(hash.status, 0) << hash.output;
  const std::string in_a_folder = hash.output.substr(0, hash.output.find('\n')) + ".0";
  for (const std::string& form : {std::string("ca-certificates.crt"), in_a_folder}) {
    const test::TemporaryFolder systems;
    std::filesystem::copy_file(Ours().authority(), systems / form);
    // Where there is no such file nobody is trusted.
    if (form == in_a_folder)
      std::filesystem::copy_file(Ours().stranger(), systems / "ca-certificates.crt");
    const auto ask = [&](const std::string& ca_file) {
      return test::AskManagement(url, ca_file, systems.path().string());
    };
    const int before = listener.requests();
    const test::Finished without = ask("");
    EXPECT_EQ(without.status, 0) << form << ": " << without.output;
    EXPECT_EQ(listener.requests(), before + 1);
    const test::Finished with = ask(Ours().stranger());
    EXPECT_EQ(with.status, 1) << form << ": " << with.output;
    EXPECT_THAT(with.output, HasSubstr("certificate"));
    EXPECT_EQ(listener.requests(), before + 1);
  }
}

// It listens where its certificate, which is for localhost and 127.0.0.1, is another's.
TEST(ManagementTls, ACertificateOfAnotherHostIsRefusedBeforeUserAndPasswordAreSaid) {
  TlsListenerOptions elsewhere = Listening();
  elsewhere.address = "127.0.0.2";
  const TlsListener listener(elsewhere);
  ExpectRefusedCertificate(
      Ask(listener, Ours().authority(), std::chrono::seconds(10), "127.0.0.2"));
  EXPECT_EQ(listener.connections(), 1);
  EXPECT_EQ(listener.requests(), 0);
}

TEST(ManagementTls, P9_AServerThatNeverAnswersIsWaitedForNoLongerThanTheLimit) {
  TlsListenerOptions silent = Listening();
  silent.silence_before_answer = kTooLong;
  const TlsListener listener(silent);
  const auto answer = Ask(listener, Ours().authority(), std::chrono::seconds(1));
  ASSERT_FALSE(answer) << "it waited for the answer";
  EXPECT_EQ(answer.error().fault, BrokerFault::kUnreachable);
  EXPECT_THAT(answer.error().message, HasSubstr("timed out"));
  EXPECT_EQ(listener.requests(), 1);
}

TEST(ManagementTls, P9_NorIsOneThatNeverComesToTheHandshake) {
  TlsListenerOptions silent = Listening();
  silent.silence_before_handshake = kTooLong;
  const TlsListener listener(silent);
  const auto answer = Ask(listener, Ours().authority(), std::chrono::seconds(1));
  ASSERT_FALSE(answer) << "it waited for the handshake";
  EXPECT_EQ(answer.error().fault, BrokerFault::kUnreachable);
  EXPECT_THAT(answer.error().message, HasSubstr("timed out"));
  EXPECT_EQ(listener.requests(), 0);
}

TEST(ManagementTls, P9_AnAnswerIsReadUpTo64MebibytesAndALongerOneIsRefused) {
  for (const bool is_too_long : {false, true}) {
    TlsListenerOptions talkative = Listening();
    talkative.body.assign(kLongestAnswer + (is_too_long ? 1 : 0), 'a');
    talkative.body.front() = talkative.body.back() = '"';
    const TlsListener listener(talkative);
    const auto answer = Ask(listener, Ours().authority(), std::chrono::seconds(60));
    EXPECT_EQ(answer.has_value(), !is_too_long);
    if (answer) {
      EXPECT_EQ(answer->as_string().size(), kLongestAnswer - 2);
    } else {
      EXPECT_EQ(answer.error().fault, BrokerFault::kUnreachable);
    }
    EXPECT_EQ(listener.requests(), 1);
  }
}

}  // namespace
}  // namespace deadletter::rabbitmq
