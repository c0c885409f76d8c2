#include "http/feed.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <exception>
#include <utility>

#include "telemetry/log.h"

namespace deadletter::http {
namespace {

namespace asio = boost::asio;
using std::chrono::steady_clock;

// To count a replay of a million letters takes a while: the ledger's thread does so for at most a
// tenth of its time.
constexpr int kRestsPerQuestion = 9;

OperationResult<std::vector<ReplayStanding>> AskSafely(const FeedSources& sources,
                                                       const std::set<std::string>& known) {
  try {
    return sources.replays(known);
  } catch (const std::exception& error) {
    return FailOperation(OperationFault::kFailed, error.what());
  }
}

}  // namespace

Feed::Feed(FeedSources sources, asio::io_context& context, asio::thread_pool& workers,
           std::chrono::milliseconds interval)
    : sources_(std::move(sources)),
      context_(context),
      workers_(workers),
      interval_(interval),
      timer_(context) {}

void Feed::WakeUp() {
  if (followers_.empty()) LookAtFigures();
}

// Whatever fails in here, nobody has joined.
void Feed::Join(std::shared_ptr<Follower> follower, std::string who) {
  followers_.reserve(followers_.size() + 1);
  if (followers_.empty()) {
    WaitForNextTick();
    LookAtReplays();
  }
  followers_.push_back({.follower = std::move(follower), .who = std::move(who)});
}

void Feed::Leave(const Follower& follower) {
  std::erase_if(followers_, [&](const Joined& each) { return each.follower.get() == &follower; });
  if (!followers_.empty()) return;
  timer_.cancel();
  entries_.clear();  // nobody keeps them up to date
}

std::size_t Feed::CountOf(std::string_view who) const {
  return static_cast<std::size_t>(std::ranges::count(followers_, who, &Joined::who));
}

std::string Feed::NewSince(std::uint64_t& seen) const {
  std::vector<const Entry*> news;
  for (const auto& [key, entry] : entries_) {
    if (entry.version > seen) news.push_back(&entry);
  }
  std::ranges::sort(news, {}, &Entry::version);
  std::string text;
  for (const Entry* const entry : news) {
    text +=
        fmt::format("id: {}\nevent: {}\ndata: {}\n\n", entry->version, entry->event, entry->json);
    seen = entry->version;
  }
  return text;
}

void Feed::WaitForNextTick() {
  timer_.expires_after(interval_);
  timer_.async_wait([this](boost::system::error_code cancelled) {
    if (!cancelled) Tick();
  });
}

void Feed::Tick() {
  if (followers_.empty()) return;
  WaitForNextTick();  // first, so that nothing that fails is the end of it
  LookAtReplays();
  LookAtFigures();
  TellAll();
}

void Feed::LookAtFigures() {
  Update("counts", "counts", sources_.counts());
  Update("health", "health", sources_.health());
}

void Feed::LookAtReplays() {
  if (asking_ || steady_clock::now() < ask_from_) return;
  std::set<std::string> known;
  for (const auto& [key, entry] : entries_) {
    if (entry.ended) known.insert(key);
  }
  asio::post(workers_, [this, known = std::move(known)] {
    const auto began = steady_clock::now();
    auto replays = AskSafely(sources_, known);
    const auto took = steady_clock::now() - began;
    asio::post(context_, [this, replays = std::move(replays), took] { OnReplays(replays, took); });
  });
  asking_ = true;
}

// While the ledger is away the last states stand: that it is, health tells.
void Feed::OnReplays(const OperationResult<std::vector<ReplayStanding>>& replays,
                     steady_clock::duration took) {
  asking_ = false;
  ask_from_ = steady_clock::now() + std::max<steady_clock::duration>(interval_ - interval_ / 10,
                                                                     kRestsPerQuestion * took);
  if (!replays || followers_.empty()) return;
  std::set<std::string> standing;
  for (const ReplayStanding& replay : *replays) {
    if (!replay.json.empty()) Update(replay.id, "replay", replay.json);
    if (const auto entry = entries_.find(replay.id); entry != entries_.end())
      entry->second.ended = replay.ended;
    standing.insert(replay.id);
  }
  std::erase_if(entries_, [&](const auto& entry) {
    return entry.second.event == "replay" && !standing.contains(entry.first);
  });
  TellAll();
}

void Feed::Update(const std::string& key, std::string_view event, std::string json) {
  Entry& entry = entries_[key];
  if (entry.version != 0 && entry.json == json) return;
  entry.event = event;
  entry.json = std::move(json);
  entry.version = ++version_;
}

// Who is told may leave.
void Feed::TellAll() {
  const auto followers = followers_;
  for (const Joined& each : followers) {
    try {
      each.follower->OnTick();
    } catch (const std::exception& error) {
      LogError("http_session_failed", {{"error", error.what()}});
      each.follower->Drop();
    }
  }
}

}  // namespace deadletter::http
