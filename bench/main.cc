// deadletter-bench: measures what it is asked for.
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <optional>

#include "bench/scenarios.h"

namespace deadletter::bench {
namespace {

int Usage() {
  std::fputs(
      "Usage: deadletter-bench SCENARIO...\n"
      "In the environment: LETTERS, ROAD_LETTERS, RUNS, BODY_BYTES, PLANS; PLATFORM=shaped or "
      "complete; PROGRAM=another binary than ours; EVENTS=off; POSTGRES_SETTINGS.\n",
      stderr);
  for (const Scenario& scenario : Scenarios()) {
    std::fprintf(stderr, "  %-12s %s\n", scenario.name.data(), scenario.what.data());
  }
  return 2;
}

std::optional<std::size_t> Number(const char* name, std::size_t otherwise) {
  const char* const text = std::getenv(name);
  if (text == nullptr || *text == '\0') return otherwise;
  std::size_t number = 0;
  const char* const end = text + std::strlen(text);
  const auto [at, error] = std::from_chars(text, end, number);
  if (error == std::errc{} && at == end) return number;
  std::fprintf(stderr, "deadletter-bench: %s is not a number: %s\n", name, text);
  return std::nullopt;
}

std::optional<Platform> ChosenPlatform() {
  const char* const text = std::getenv("PLATFORM");
  const std::string_view name = text == nullptr ? "shaped" : text;
  for (const Platform platform : {Platform::kShaped, Platform::kComplete}) {
    if (PlatformName(platform) == name) return platform;
  }
  std::fprintf(stderr, "deadletter-bench: PLATFORM is shaped or complete, not %s\n", name.data());
  return std::nullopt;
}

int Run(int count, char** names) {
  const auto letters = Number("LETTERS", 50'000);
  const auto road_letters = Number("ROAD_LETTERS", 50'000);
  const auto runs = Number("RUNS", 5);
  const auto body_bytes = Number("BODY_BYTES", 0);
  const auto plans = Number("PLANS", 0);
  const auto platform = ChosenPlatform();
  if (!platform || !letters || !road_letters || !runs || !body_bytes || !plans || *letters < 20 ||
      *runs < 1 || *plans > 1 || count == 0)
    return Usage();
  Lab lab;
  for (int n = 0; n < count; ++n) {
    const Scenario* wanted = nullptr;
    for (const Scenario& scenario : Scenarios()) {
      if (scenario.name == names[n]) wanted = &scenario;
    }
    if (wanted == nullptr) return Usage();
    wanted->run({*letters, *road_letters, *runs, *platform, *body_bytes, *plans == 1}, lab);
  }
  return 0;
}

}  // namespace
}  // namespace deadletter::bench

int main(int count, char** arguments) {
  try {
    return deadletter::bench::Run(count - 1, arguments + 1);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "deadletter-bench: %s\n", error.what());
    return 1;
  }
}
