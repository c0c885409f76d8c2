#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/config_test_support.h"

namespace deadletter {
namespace {

using test::ConfigLoader;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(DescribeConfig, ShowsEveryValueAndWhereItCameFromButNoSecret) {
  ConfigLoader loader;
  loader.File(
      "[broker]\nurl = ['amqp://u:hunter2@a', 'amqp://u:hunter2@b']\nmanagement_url = "
      "'http://u:hunter2@a'\n");
  loader.sources.environment["DEADLETTER_LEDGER_URL"] =
      "postgresql://u:hunter2@db/p?password=hunter2&sslmode=require";
  const auto config = loader.Load();
  ASSERT_TRUE(config) << config.error().message;
  const std::string text = loader.Shortened(DescribeConfig(*config));
  EXPECT_THAT(text, Not(HasSubstr("hunter2")));
  EXPECT_THAT(
      text,
      AllOf(HasSubstr("# rabbitmq+postgresql pair; read from DIR/deadletter.toml\n"),
            HasSubstr("url = [\"amqp://u:***@a\", \"amqp://u:***@b\"]  # DIR/deadletter.toml:2\n"),
            HasSubstr("management_url = \"http://u:***@a\"  # DIR/deadletter.toml:3\n"),
            HasSubstr("url = \"postgresql://u:***@db/p?password=***&sslmode=require\"  # "
                      "DEADLETTER_LEDGER_URL\n"),
            HasSubstr("# ca_file: none\n"), HasSubstr("[[queue]]\nname = \"attune.dlx.queue\"\n")));
}

// What it prints can be given back: the description of the description is the same, but for the
// origins.
TEST(DescribeConfig, IsTomlThatMeansTheSame) {
  ConfigLoader first;
  first.File(R"(
[letter]
action = "/a~1b/c~0d"
[topology]
worker_ids = [7, "quote\"d"]
[[policy]]
name = "retry"
verdict = "retry"
match = { reason = ["maxlen", "expired"], deaths_below = 3, younger_than = "90s" }
retry = { factor = 1.5 }
[[policy]]
name = "drop"
verdict = "discard"
)");
  const auto config = first.Load();
  ASSERT_TRUE(config) << config.error().message;
  ConfigLoader second;
  second.File(DescribeConfig(*config));
  const auto again = second.Load();
  ASSERT_TRUE(again) << again.error().message;
  const auto without_origins = [](const std::string& text) {
    std::string plain;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
      plain += line.substr(0, line.find("  # ")) + "\n";
    return plain.substr(plain.find('\n'));
  };
  EXPECT_EQ(without_origins(DescribeConfig(*config)), without_origins(DescribeConfig(*again)));
}

TEST(DescribeConfig, AsJsonHoldsTheSameOnOneLine) {
  ConfigLoader loader;
  loader.File(
      "[broker]\nurl = 'amqp://u:hunter2@a'\n[topology]\nworker_ids = [7]\n"
      "[[policy]]\nname = 'r'\nverdict = 'retry'\nretry = { factor = 1.5 }\n");
  loader.sources.environment["DEADLETTER_LEDGER_URL"] = "postgresql://u:hunter2@db/p";
  loader.sources.environment["DEADLETTER_DATA_DIR"] = "d\"e";
  const auto config = loader.Load();
  ASSERT_TRUE(config) << config.error().message;
  const std::string json = DescribeConfigAsJson(*config);
  EXPECT_THAT(json,
              AllOf(HasSubstr(R"({"data_dir":"d\"e")"), HasSubstr(R"("url":"amqp://u:***@a")"),
                    HasSubstr(R"("worker_ids":["7"])"), HasSubstr(R"("factor":1.5)"),
                    HasSubstr(R"("auto_migrate":true)"), HasSubstr(R"("queue":[{"name")")));
  EXPECT_THAT(json, AllOf(Not(HasSubstr("hunter2")), Not(HasSubstr("\n"))));
}

TEST(MaskSecrets, HidesPasswordsWhereverTheyStand) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"amqp://u:p@h:5672/v", "amqp://u:***@h:5672/v"},
      {"amqp://u@h", "amqp://u@h"},
      {"amqp://h:5672/v", "amqp://h:5672/v"},
      {"amqp://:p@h", "amqp://:***@h"},
      {"amqp://u:p@q@h", "amqp://u:***@h"},
      {"amqp://u:p/q@h", "amqp://u:***@h"},
      {"amqp://u:p?q@h", "amqp://u:***@h"},
      {"amqp://u:p:q@h", "amqp://u:***@h"},
      {"postgresql://h/d?password=p&sslmode=x", "postgresql://h/d?password=***&sslmode=x"},
      {"postgresql://u:p@h/d?sslpassword=p", "postgresql://u:***@h/d?sslpassword=***"},
      {"host=h password=p dbname=d", "host=h password=*** dbname=d"},
      {"password = 'p q' host=h", "password = *** host=h"},
      {"password='p\\'q' host=h", "password=*** host=h"},
      {"password='p", "password=***"},
      {"password=p\\ q host=h", "password=*** host=h"},
      {"PASSWORD=p", "PASSWORD=***"},
      {"the password is wrong", "the password is wrong"},
      {"password=", "password=***"},
      {"password", "password"},
      {"", ""},
  };
  for (const auto& [url, masked] : cases) EXPECT_EQ(MaskSecrets(url), masked) << url;
}

}  // namespace
}  // namespace deadletter
