// The commands that ask a running server, and their flags. Internal to the command line.
#pragma once

#include <CLI/CLI.hpp>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "cli/filter_flags.h"
#include "cli/replay_flags.h"

namespace deadletter::cli {

// The error is one line for the person.
using MakeCommand = std::function<Result<Command>()>;

// Adds a command, which `make` is asked for where it was chosen.
using AddsCommand =
    std::function<CLI::App*(const std::string& name, const std::string& help, MakeCommand make)>;

// Written into by CLI11 while it reads; must not move meanwhile.
class ClientFlags {
 public:
  void AddTo(const AddsCommand& add);

 private:
  void AddLetters(const AddsCommand& add);
  void AddPeople(const AddsCommand& add);
  void AddReplays(const AddsCommand& add);
  void AddSelections(const AddsCommand& add);
  void AddGroups(const AddsCommand& add);
  void AddServerFlag(CLI::App& command);
  void AddIdFlag(CLI::App& command);
  void AddLimit(CLI::App& command, const char* help);

  [[nodiscard]] ServerAccess Server() const;
  [[nodiscard]] Result<Command> MakeTag() const;
  [[nodiscard]] Result<Command> MakeMute() const;

  std::optional<std::string> server_;
  std::optional<std::string> ca_file_;
  FilterFlags filters_;
  std::size_t limit_ = ListCommand{}.limit;
  std::string id_;
  bool reveal_ = false;
  std::string text_;
  std::vector<std::string> add_;
  std::vector<std::string> remove_;
  DiscardFlags discard_;
  std::optional<std::string> mute_for_;
  bool unmute_ = false;
  ReplayFlags replay_;
  ReplaysFlags steer_;
};

}  // namespace deadletter::cli
