#include "tests/campaign/in_hand.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "sqlite/database.h"
#include "tests/campaign/gated_pair.h"
#include "tests/support/platform_connection.h"
#include "tests/support/private_rabbitmq.h"
#include "tests/system/servers_pair.h"
#include "tests/system/world.h"

namespace deadletter::test {
namespace {

using Attempts = std::map<std::int64_t, std::int64_t>;  // by outbox entry; a claim is one

// A letter of a replay that somebody drives, claimed by now and not ended.
struct Driven {
  std::string driver;
  bool is_claimed = false;
};
using DrivenLetters = std::vector<Driven>;

std::set<std::string> DriversOf(const DrivenLetters& letters) {
  std::set<std::string> drivers;
  for (const Driven& letter : letters) drivers.insert(letter.driver);
  return drivers;
}

// Not by one of those that drove before.
std::size_t DrivenSince(const std::set<std::string>& before, const DrivenLetters& now,
                        bool claimed_only) {
  return static_cast<std::size_t>(std::ranges::count_if(now, [&](const Driven& letter) {
    return !before.contains(letter.driver) && (letter.is_claimed || !claimed_only);
  }));
}

std::size_t ClaimedSince(const Attempts& before, const Attempts& now) {
  std::size_t claimed = 0;
  for (const auto& [entry, attempts] : now) {
    const auto found = before.find(entry);
    claimed += attempts > (found == before.end() ? 0 : found->second) ? 1 : 0;
  }
  return claimed;
}

// Readers of a file in WAL mode wait for no writer.
class InHandOfFiles final : public InHand {
 public:
  InHandOfFiles(const std::string& queues, const std::string& ledger)
      : queues_(Open(queues)), ledger_(Open(ledger)) {}

  void Begin(bool is_alone) override {
    is_alone_ = is_alone;
    before_ = ReadAttempts();
    drivers_ = DriversOf(ReadDriven());
    first_ = LastOwner();
    last_.reset();
  }

  void End() override { last_ = LastOwner(); }

  std::size_t Count() override {
    const std::int64_t leased =
        Number(fmt::format("SELECT count(*) FROM message WHERE state = 1 AND owner_id > {} AND "
                           "owner_id <= {}",
                           first_, last_.value_or(LastOwner())));
    if (!is_alone_) return static_cast<std::size_t>(leased);
    return static_cast<std::size_t>(leased) + ClaimedSince(before_, ReadAttempts()) +
           DrivenSince(drivers_, ReadDriven(), true);
  }

  std::size_t CountReplayed() override {
    return is_alone_ ? DrivenSince(drivers_, ReadDriven(), false) : 0;
  }

 private:
  static std::unique_ptr<sqlite::Database> Open(const std::string& path) {
    auto opened = sqlite::Database::Open(path);
    if (!opened) throw std::runtime_error(opened.error().message);
    return std::move(*opened);
  }

  // Every opening of the queue file has a higher number than those before.
  std::int64_t LastOwner() {
    return Number("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'owner'");
  }

  // A server that is killed and started again may keep the file to itself for as long as the disk
  // takes to recover it.
  std::int64_t Number(const std::string& sql) {
    std::int64_t number = 0;
    std::optional<sqlite::DatabaseError> error;
    static_cast<void>(WaitUntil([&] {
      auto row = queues_->Prepare(sql);
      number = row.Next() ? row.Int64(0) : 0;
      error = row.error();
      return !error || !error->IsBusy();
    }));
    if (error) throw std::runtime_error(error->message);
    return number;
  }

  // Before it is migrated a ledger has no outbox, and nobody claims anything.
  Attempts ReadAttempts() {
    Attempts attempts;
    auto rows = ledger_->Prepare("SELECT id, attempts FROM deadletter_outbox");
    while (rows.Next()) attempts[rows.Int64(0)] = rows.Int64(1);
    return attempts;
  }

  DrivenLetters ReadDriven() {
    DrivenLetters driven;
    auto rows = ledger_->Prepare(
        "SELECT hex(driver), step = 'claimed' FROM deadletter_replay JOIN deadletter_replay_letter "
        "ON replay_id = id WHERE driver IS NOT NULL AND step NOT IN ('pending', 'ended')");
    while (rows.Next()) driven.push_back({rows.Text(0), rows.Bool(1)});
    return driven;
  }

  std::unique_ptr<sqlite::Database> queues_;
  std::unique_ptr<sqlite::Database> ledger_;
  bool is_alone_ = true;
  Attempts before_;
  std::set<std::string> drivers_;
  std::int64_t first_ = 0;
  std::optional<std::int64_t> last_;
};

class InHandOfServers final : public InHand {
 public:
  InHandOfServers(OnRabbitMq& broker, std::string ledger_url)
      : broker_(broker), ledger_url_(std::move(ledger_url)) {}

  void Begin(bool is_alone) override {
    is_alone_ = is_alone;
    before_ = ReadAttempts();
    drivers_ = DriversOf(ReadDriven());
    others_ = Channels();
    mine_.reset();
  }

  void End() override { mine_ = Channels(); }

  std::size_t Count() override {
    std::size_t letters = 0;
    for (const auto& [channel, unacknowledged] : Unacknowledged()) {
      const bool is_mine = !others_.contains(channel) && (!mine_ || mine_->contains(channel));
      if (is_mine) letters += unacknowledged;
    }
    if (!is_alone_) return letters;
    return letters + ClaimedSince(before_, ReadAttempts()) +
           DrivenSince(drivers_, ReadDriven(), true);
  }

  std::size_t CountReplayed() override {
    return is_alone_ ? DrivenSince(drivers_, ReadDriven(), false) : 0;
  }

 private:
  // By channel. The broker's own figures are those of a second ago; its channels know.
  std::map<std::string, std::size_t> Unacknowledged() {
    const std::string answer = broker_.node().Ask(
        "lists:flatten([io_lib:format(\"~p=~p;\", [Channel, Letters]) || "
        "[{pid, Channel}, {vhost, Vhost}, {messages_unacknowledged, Letters}] <- "
        "rabbit_channel:info_all([pid, vhost, messages_unacknowledged]), Vhost =:= <<\"" +
        broker_.vhost() + "\">>])");
    std::map<std::string, std::size_t> channels;
    std::size_t begin = answer.find('<');
    while (begin != std::string::npos) {
      const std::size_t equals = answer.find('=', begin);
      channels[answer.substr(begin, equals - begin)] = std::stoul(answer.substr(equals + 1));
      begin = answer.find('<', equals);
    }
    return channels;
  }

  std::set<std::string> Channels() {
    std::set<std::string> channels;
    for (const auto& [channel, letters] : Unacknowledged()) channels.insert(channel);
    return channels;
  }

  // Each time anew: the ledger's server may have been restarted.
  Attempts ReadAttempts() {
    PlatformConnection ledger(ledger_url_);
    Attempts attempts;
    if (ledger.Value("SELECT to_regclass('deadletter.outbox')").empty()) return attempts;
    for (const auto& row : ledger.Ask("SELECT id, attempts FROM deadletter.outbox")) {
      attempts[std::stoll(row.at(0).value())] = std::stoll(row.at(1).value());
    }
    return attempts;
  }

  DrivenLetters ReadDriven() {
    PlatformConnection ledger(ledger_url_);
    DrivenLetters driven;
    if (ledger.Value("SELECT to_regclass('deadletter.replay_letter')").empty()) return driven;
    for (const auto& row : ledger.Ask(
             "SELECT driver, step = 'claimed' FROM deadletter.replay JOIN deadletter.replay_letter "
             "ON replay_id = id WHERE driver IS NOT NULL AND step NOT IN ('pending', 'ended')")) {
      driven.push_back({row.at(0).value(), row.at(1) == "t"});
    }
    return driven;
  }

  OnRabbitMq& broker_;
  std::string ledger_url_;
  bool is_alone_ = true;
  Attempts before_;
  std::set<std::string> drivers_;
  std::set<std::string> others_;
  std::optional<std::set<std::string>> mine_;  // among others
};

std::string After(const std::string& text, const std::string& scheme) {
  const std::size_t begin = text.find(scheme);
  if (begin == std::string::npos) throw std::logic_error("no " + scheme + " in " + text);
  const std::size_t from = begin + scheme.size();
  return text.substr(from, text.find('"', from) - from);
}

}  // namespace

std::unique_ptr<InHand> InHandOf(Pair& pair) {
  auto* gated = dynamic_cast<GatedPair*>(&pair);
  if (auto* servers = dynamic_cast<OnRabbitMq*>(gated == nullptr ? &pair : &gated->inner())) {
    return std::make_unique<InHandOfServers>(*servers, pair.LedgerUrl());
  }
  const std::string toml = pair.Toml();
  return std::make_unique<InHandOfFiles>(After(toml, "embedded:"), After(toml, "sqlite:"));
}

}  // namespace deadletter::test
