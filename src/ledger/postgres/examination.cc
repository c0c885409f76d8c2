#include "ledger/postgres/examination.h"

#include <algorithm>

#include "base/contains.h"

namespace deadletter::postgres {

namespace {

constexpr std::int64_t kOldestVersion = 120'000;
// Of a server, beside one for each queue and, from its first flood on, another for each; and what
// its HTTP calls may take besides.
constexpr std::int64_t kServersConnections = 6;
constexpr std::int64_t kHttpConnections = 14;
constexpr std::size_t kMostGrants = 6;  // in one line

// As statements to be pasted.
std::string Pasted(const std::vector<std::string>& statements) {
  std::string text;
  for (std::size_t i = 0; i < std::min(statements.size(), kMostGrants); ++i)
    text += (i == 0 ? "" : " ") + statements[i] + ";";
  if (statements.size() > kMostGrants)
    text += " and " + std::to_string(statements.size() - kMostGrants) +
            " more: `deadletter migrate --print` prints all";
  return text;
}

std::string InQuotes(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "\"" : ", \"") + word + "\"";
  return text;
}

class LedgerExamination {
 public:
  LedgerExamination(const Options& options, const LedgerExpectations& wanted,
                    const LedgerFacts& facts)
      : options_(options), wanted_(wanted), facts_(facts), server_(facts.server) {}

  std::vector<Diagnosis> Make() {
    if (facts_.unreachable) {
      JudgeUnreachable();
      return out_.Take();
    }
    if (facts_.error) {
      out_.Unknown("questions to the ledger", "one was not answered: " + *facts_.error,
                   "what is told of the ledger below may be incomplete; look again");
    }
    if (server_.version_number != 0) {
      JudgeServer();
      JudgeDurability();
      JudgeTimeouts();
      JudgeConnections();
      out_.Append({JudgeClock(server_.clock_ahead, server_.clock_within)});
    }
    out_.Append({JudgeSchema(facts_.schema, wanted_.auto_migrate, facts_.may_migrate)});
    JudgeSchemaRights();
    if (facts_.backlog) out_.Append({JudgeBacklog(*facts_.backlog)});
    JudgeExecutions();
    return out_.Take();
  }

 private:
  void JudgeUnreachable() {
    out_.Wrong("ledger", facts_.unreachable->message,
               "check ledger.url, that PostgreSQL runs (`pg_isready`), and what pg_hba.conf lets "
               "in");
    out_.Unknown("ledger schema and executions", "the ledger could not be asked",
                 "mend what is told above, and look again");
  }

  void JudgeServer() {
    const auto told =
        "PostgreSQL " + server_.version + ", database " + server_.database + ", as " + server_.user;
    if (server_.standby) {
      out_.Wrong("ledger", told + ": it is a standby, which nobody can write to",
                 "name the primary in ledger.url (several hosts and "
                 "target_session_attrs=read-write find it)");
    } else if (server_.read_only) {
      out_.Wrong("ledger", told + ": transactions are read-only by default",
                 "ALTER ROLE " + QuotedUser() +
                     " RESET default_transaction_read_only; or the same of the database or the "
                     "server");
    } else if (server_.version_number < kOldestVersion) {
      out_.Warning("ledger", told + ": older than this program was tried with",
                   "use PostgreSQL 12 or later");
    } else {
      out_.Ok("ledger", told);
    }
  }

  std::string QuotedUser() const { return "\"" + server_.user + "\""; }

  void JudgeDurability() {
    const std::string check = "durability of commits";
    const auto off = [&](const std::string& what) {
      out_.Wrong(check, what + " is off: letters that were acknowledged may be gone after a crash",
                 "ALTER SYSTEM SET " + what +
                     " = on; then `pg_ctl reload` (SELECT "
                     "pg_reload_conf())");
    };
    if (!server_.fsync) off("fsync");
    if (!server_.full_page_writes) off("full_page_writes");
    if (!server_.fsync || !server_.full_page_writes) return;
    const bool raised =
        server_.synchronous_commit == "off" || server_.synchronous_commit == "local";
    out_.Ok(check, "fsync and full_page_writes are on, synchronous_commit is " +
                       server_.synchronous_commit +
                       (raised ? ", which our sessions raise to on" : ""));
  }

  void JudgeTimeouts() {
    const auto ours = options_.lock_timeout;
    const auto theirs = server_.deadlock_timeout;
    const auto seen = "ledger.lock_timeout is " + std::to_string(ours.count()) +
                      " ms, the server's deadlock_timeout " + std::to_string(theirs.count()) +
                      " ms";
    if (ours >= theirs) {
      out_.Warning("lock timeout", seen + ": in a deadlock the platform may be the one to fail",
                   "set ledger.lock_timeout below " + std::to_string(theirs.count()) + "ms");
    } else {
      out_.Ok("lock timeout", seen);
    }
  }

  void JudgeConnections() {
    const auto needed = kServersConnections + static_cast<std::int64_t>(wanted_.queues);
    auto free = server_.most_connections - server_.connections;
    auto seen = std::to_string(server_.connections) + " of " +
                std::to_string(server_.most_connections) + " connections are in use";
    if (server_.own_limit >= 0) {
      free = std::min(free, server_.own_limit - server_.own_connections);
      seen += ", and role " + server_.user + " may have " + std::to_string(server_.own_limit);
    }
    const std::string check = "connections";
    const bool serves = server_.servers_connections > 0;
    const auto in_a_flood = static_cast<std::int64_t>(wanted_.queues);
    seen += "; a server takes " + std::to_string(needed) + ", up to " + std::to_string(in_a_flood) +
            " more in a flood, and up to " + std::to_string(kHttpConnections) + " for HTTP" +
            (serves ? "; one runs already" : "");
    const std::string advice =
        "raise max_connections (or the role's CONNECTION LIMIT), or close what is idle: SELECT * "
        "FROM pg_stat_activity";
    if (!serves && free < needed) {
      out_.Wrong(check, seen, advice);
    } else if (free < kHttpConnections + in_a_flood + (serves ? 0 : needed)) {
      out_.Warning(check, seen, advice);
    } else {
      out_.Ok(check, seen);
    }
  }

  void JudgeSchemaRights() {
    if (!facts_.schema || facts_.schema->version == 0) return;
    const auto check = "rights on schema " + options_.schema;
    if (facts_.missing_grants.empty()) {
      out_.Ok(check, "everything that serve needs");
    } else {
      out_.Wrong(
          check,
          std::to_string(facts_.missing_grants.size()) + " grants are missing for " + server_.user,
          "as their owner: " + Pasted(facts_.missing_grants));
    }
  }

  void JudgeExecutions() {
    const auto check = "executions table " + options_.executions.table;
    if (wanted_.mode == ExecutionsMode::kObserve)
      return out_.Ok(check, "is not touched (executions.mode = \"observe\")");
    if (facts_.table_does_not_fit) {
      return out_.Wrong(check, *facts_.table_does_not_fit,
                        "correct the section [executions], or the table; grants of `deadletter "
                        "migrate --print` let us see it");
    }
    if (!facts_.table) return;
    JudgeTable(check, *facts_.table);
    JudgeWords(*facts_.table);
    JudgeTriggers(*facts_.table);
    out_.Append({JudgeOverdue(facts_.table->overdue, wanted_)});
  }

  void JudgeTable(const std::string& check, const TableFacts& table) {
    if (!table.missing_grants.empty()) {
      out_.Wrong("rights on " + check, "grants are missing for " + server_.user,
                 "as its owner: " + Pasted(table.missing_grants));
    } else {
      out_.Ok("rights on " + check, "everything that serve needs");
    }
    if (table.kind.empty()) return;  // that question was not answered
    bool sound = true;
    const auto warn = [&](const std::string& seen, const std::string& advice) {
      out_.Warning(check, seen, advice);
      sound = false;
    };
    if (table.persistence != "p") {
      sound = false;
      out_.Wrong(check, "it is unlogged or temporary: a crash of the server empties it",
                 "ALTER TABLE " + options_.executions.table + " SET LOGGED");
    }
    if (table.kind != "r" && table.kind != "p") {
      warn("it is no plain table: how rows are locked and updated is up to what is behind it",
           "name the table itself in executions.table");
    }
    if (table.row_security) {
      warn("row security hides rows from us: their letters end as not_found",
           "ALTER ROLE " + QuotedUser() + " BYPASSRLS, or a policy that shows us all rows");
    }
    if (!table.id_indexed) {
      warn("column " + options_.executions.id + " has no index: every batch reads the whole table",
           "CREATE UNIQUE INDEX CONCURRENTLY ON " + options_.executions.table + " (" +
               options_.executions.id + ")");
    } else if (!table.id_unique) {
      warn("column " + options_.executions.id + " is not unique: a letter may mean several rows",
           "make it unique, or name the right column in executions.id");
    }
    if (sound) out_.Ok(check, "its columns fit the configuration, and its id has an index");
  }

  // Words that the column can never have. Those that we write ourselves were tried already.
  void JudgeWords(const TableFacts& table) {
    if (table.status_values.empty()) return;
    const auto never = [&](const std::vector<std::string>& words) {
      std::vector<std::string> missing;
      for (const auto& word : words) {
        if (!Contains(table.status_values, word)) missing.push_back(word);
      }
      return missing;
    };
    const std::string check = "status words";
    const auto failable = never(options_.executions.failable);
    const auto final_words = never(options_.executions.final_statuses);
    if (failable.size() == options_.executions.failable.size()) {
      out_.Wrong(
          check,
          "no execution can ever be failed: the status column has none of " + InQuotes(failable),
          "correct executions.failable; it has " + InQuotes(table.status_values));
    } else if (!failable.empty() || !final_words.empty()) {
      auto all = failable;
      all.insert(all.end(), final_words.begin(), final_words.end());
      out_.Warning(check, "the status column never has " + InQuotes(all),
                   "correct executions.failable and executions.final; it has " +
                       InQuotes(table.status_values));
    } else {
      out_.Ok(check, "all are values of the status column's enum");
    }
  }

  void JudgeTriggers(const TableFacts& table) {
    std::vector<std::string> dangerous;
    for (const auto& trigger : table.triggers) {
      if (trigger.raises)
        dangerous.push_back(trigger.name + " (raises)");
      else if (trigger.notifies)
        dangerous.push_back(trigger.name + " (notifies)");
    }
    if (dangerous.empty()) {
      out_.Ok("triggers", table.triggers.empty()
                              ? std::string("none runs when a row is updated")
                              : std::to_string(table.triggers.size()) +
                                    " run when a row is updated; none raises or notifies");
    } else {
      out_.Warning("triggers",
                   "these run in our transaction and may refuse a letter: " + InQuotes(dangerous),
                   "see that they let an execution fail, and that what they notify is shorter than "
                   "8000 bytes");
    }
  }

  const Options& options_;
  const LedgerExpectations& wanted_;
  const LedgerFacts& facts_;
  const ServerFacts& server_;
  Diagnoses out_;
};

}  // namespace

std::vector<Diagnosis> JudgeLedger(const Options& options, const LedgerExpectations& wanted,
                                   const LedgerFacts& facts) {
  return LedgerExamination(options, wanted, facts).Make();
}

}  // namespace deadletter::postgres
