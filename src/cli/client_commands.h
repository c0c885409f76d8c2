// The commands that the command line does by itself: those that ask a running server, and
// `version`.
#pragma once

#include "cli/command_line.h"
#include "cli/terminal.h"

namespace deadletter::cli {

// Each writes to `terminal` and returns the exit status.
[[nodiscard]] int RunList(const ListCommand& command, OutputFormat output,
                          const Terminal& terminal);
[[nodiscard]] int RunShow(const ShowCommand& command, OutputFormat output,
                          const Terminal& terminal);
[[nodiscard]] int RunExplain(const ExplainCommand& command, OutputFormat output,
                             const Terminal& terminal);
[[nodiscard]] int RunNote(const NoteCommand& command, OutputFormat output,
                          const Terminal& terminal);
[[nodiscard]] int RunTag(const TagCommand& command, OutputFormat output, const Terminal& terminal);
[[nodiscard]] int RunAudit(const AuditCommand& command, OutputFormat output,
                           const Terminal& terminal);
[[nodiscard]] int RunExport(const ExportCommand& command, const Terminal& terminal);
[[nodiscard]] int RunDiscard(const DiscardCommand& command, OutputFormat output,
                             const Terminal& terminal);
[[nodiscard]] int RunGroups(const GroupsCommand& command, OutputFormat output,
                            const Terminal& terminal);
[[nodiscard]] int RunMute(const MuteCommand& command, OutputFormat output,
                          const Terminal& terminal);
[[nodiscard]] int RunStats(const StatsCommand& command, OutputFormat output,
                           const Terminal& terminal);
[[nodiscard]] int RunReplay(const ReplayCommand& command, OutputFormat output,
                            const Terminal& terminal);
[[nodiscard]] int RunReplays(const ReplaysCommand& command, OutputFormat output,
                             const Terminal& terminal);
[[nodiscard]] int RunVersion(OutputFormat output, const Terminal& terminal);

}  // namespace deadletter::cli
