#include "tests/soak/report.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <ctime>
#include <fstream>
#include <thread>

#include "ledger/replay.h"
#include "tests/campaign/points.h"
#include "tests/soak/commit.h"

namespace deadletter::test {
namespace {

constexpr std::int64_t kFullMinutes = 30;
constexpr std::int64_t kKillsInFull = 1'000;
constexpr std::size_t kInRandomOne = 4;

std::string ValueOf(const std::string& path, const std::string& name) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(name)) continue;
    const std::size_t begin = line.find_first_not_of(":= \t\"", name.size());
    return line.substr(begin, line.find_last_not_of('"') + 1 - begin);
  }
  return "unknown";
}

std::string Machine() {
  utsname name{};
  uname(&name);
  return fmt::format("{} x {}, {}, {}, Linux {}", std::thread::hardware_concurrency(),
                     ValueOf("/proc/cpuinfo", "model name"), ValueOf("/proc/meminfo", "MemTotal"),
                     ValueOf("/etc/os-release", "PRETTY_NAME"), name.release);
}

Kills KillsAt(const Tally& tally, const std::string& point) {
  const auto found = tally.kills.find(point);
  return found == tally.kills.end() ? Kills{} : found->second;
}

std::size_t Broken(const Tally& tally, Promise promise) {
  const auto found = tally.broken.find(promise);
  return found == tally.broken.end() ? 0 : found->second;
}

std::size_t Became(const Tally& tally, const std::string& outcome) {
  const auto found = tally.became.find(outcome);
  return found == tally.became.end() ? 0 : found->second;
}

template <class Value>
std::string Row(const std::string& name, const SoakReport& report, Value value) {
  std::string row = "| " + name + " |";
  for (const PairReport& pair : report.pairs) row += fmt::format(" {} |", value(pair));
  return row + "\n";
}

std::string Summary(const SoakReport& report) {
  std::string text = Row("", report, [](const PairReport& pair) { return pair.pair; }) + "|---|";
  for (std::size_t index = 0; index < report.pairs.size(); ++index) text += "---:|";
  text += "\n";
  using P = const PairReport&;
  text += Row("kills", report, [](P pair) { return pair.tally.AllKills(); });
  text += Row("of them at random times, of the release binary", report,
              [](P pair) { return pair.tally.random.all; });
  text += Row("worlds, each with a new broker and ledger", report,
              [](P pair) { return pair.chapters; });
  text += Row("starts of a server", report, [](P pair) { return pair.tally.starts; });
  text += Row("restarts of the broker, in order", report,
              [](P pair) { return pair.tally.broker_restarts; });
  text += Row("crashes of the broker (SIGKILL)", report,
              [](P pair) { return pair.tally.broker_crashes; });
  text += Row("restarts of the database, in order", report,
              [](P pair) { return pair.tally.ledger_restarts; });
  text += Row("crashes of the database (immediate shutdown)", report,
              [](P pair) { return pair.tally.ledger_crashes; });
  text += Row("wire cuts", report, [](P pair) { return pair.tally.cuts; });
  text += Row("messages in", report, [](P pair) { return pair.tally.messages; });
  text += Row("letters recorded", report, [](P pair) { return pair.tally.letters; });
  for (const char* outcome : {"retried", "parked", "discarded", "deferred", "refused"}) {
    text += Row(std::string("of them, once or in the end, ") + outcome, report,
                [&](P pair) { return Became(pair.tally, outcome); });
  }
  for (const ReplayEnd end : kReplayEnds) {
    const std::string outcome = "replayed and " + std::string(ReplayEndName(end));
    text += Row("times that a letter was " + outcome, report,
                [&](P pair) { return Became(pair.tally, outcome); });
  }
  text += Row("executions failed", report, [](P pair) { return pair.tally.failed; });
  text += Row("events heard", report, [](P pair) { return pair.tally.events; });
  text += Row("events heard again", report, [](P pair) { return pair.tally.copies; });
  text += Row("**lost** (P1)", report, [](P pair) { return Broken(pair.tally, Promise::kP1); });
  text +=
      Row("**overwritten** (P2)", report, [](P pair) { return Broken(pair.tally, Promise::kP2); });
  text += Row("**doubled** (P3)", report, [](P pair) { return Broken(pair.tally, Promise::kP3); });
  text += Row("**silent** (P4)", report, [](P pair) { return Broken(pair.tally, Promise::kP4); });
  text += Row("**unheard** (P6)", report, [](P pair) { return Broken(pair.tally, Promise::kP6); });
  text +=
      Row("still on their way at the end", report, [](P pair) { return pair.tally.unfinished; });
  return text;
}

std::string PointTable(const PairReport& pair) {
  std::string text = "\n## Kills, " + pair.pair +
                     "\n\n| where | kills | with letters in hand |\n|---|---:|---:|\n";
  for (const std::string& point : pair.points) {
    const Kills kills = KillsAt(pair.tally, point);
    text +=
        fmt::format("| `{}` | {} | {} |\n", point, kills.all,
                    IsAtStart(pair.pair, point) ? "– (at start)" : std::to_string(kills.in_hand));
  }
  const Kills& random = pair.tally.random;
  return text + fmt::format("| any time, release binary | {} | {} |\n", random.all, random.in_hand);
}

}  // namespace

std::size_t KillsDue(const SoakReport& report) {
  return static_cast<std::size_t>((report.minutes * kKillsInFull + kFullMinutes - 1) /
                                  kFullMinutes);
}

std::string Faults(const SoakReport& report) {
  std::string faults;
  std::size_t kills = 0;
  for (const PairReport& pair : report.pairs) {
    const std::size_t all = pair.tally.AllKills();
    kills += all;
    if (kInRandomOne * pair.tally.random.all >= all) continue;
    faults += fmt::format(
        "{}: {} of {} kills at random times, of the release binary: fewer than a "
        "quarter\n",
        pair.pair, pair.tally.random.all, all);
  }
  if (kills < KillsDue(report)) {
    faults += fmt::format("{} kills, where {} are due in {} minutes\n", kills, KillsDue(report),
                          report.minutes);
  }
  for (const PairReport& pair : report.pairs) {
    if (!pair.stopped.empty()) faults += pair.pair + " stopped: " + pair.stopped + "\n";
    faults += pair.tally.findings;
    if (pair.chapters == 0) faults += pair.pair + ": no world was brought to its end\n";
    for (const std::string& outcome : pair.outcomes) {
      if (Became(pair.tally, outcome) > 0) continue;
      faults += pair.pair + ": no letter was " + outcome + "\n";
    }
    for (const std::string& point : pair.points) {
      const Kills at = KillsAt(pair.tally, point);
      if (at.all == 0) {
        faults += pair.pair + ": no kill at " + point + "\n";
      } else if (at.in_hand == 0 && !IsAtStart(pair.pair, point)) {
        faults += pair.pair + ": no kill at " + point + " with letters in hand\n";
      }
    }
  }
  return faults;
}

std::string AsMarkdown(const SoakReport& report) {
  const std::time_t now = std::time(nullptr);
  std::string text = fmt::format(
      "# Soak report\n\n`make soak` kills a serving deadletter again and again while letters of "
      "every kind arrive,\nrestarts what it stands on, and holds every message against broker, "
      "ledger, platform and event stream\n(`tests/account/account.h`).\n\n"
      "| | |\n|---|---|\n| seed | {} |\n| asked for | {} minutes |\n| kills due | {}, and of each "
      "pair's a quarter at random times |\n| took | {} min {} s |\n| date | "
      "{:%Y-%m-%d %H:%M} UTC |\n| commit | {} |\n| machine | {} |\n\n",
      report.seed, report.minutes, KillsDue(report), report.took.count() / 60,
      report.took.count() % 60, fmt::gmtime(now), DEADLETTER_COMMIT, Machine());
  text += Summary(report);
  for (const PairReport& pair : report.pairs) text += PointTable(pair);
  const std::string faults = Faults(report);
  return text + (faults.empty() ? "\nEvery promise held.\n"
                                : "\n## What is wrong\n\n```\n" + faults + "```\n");
}

}  // namespace deadletter::test
