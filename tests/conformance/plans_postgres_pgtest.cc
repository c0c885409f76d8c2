// What the server plans for us, seen by how many rows it reads: a ledger that grows must slow
// neither a settle of few letters nor a list.
#include <gtest/gtest.h>

#include <functional>
#include <thread>

#include "ledger/postgres/postgres_ledger.h"
#include "tests/conformance/postgres_ledger_fixture.h"

namespace deadletter::test {
namespace {

class PlansTest : public PostgresLedger {
 protected:
  // What the sessions that `work` opens have read is told when this returns.
  void InItsSessions(const std::function<void()>& work) {
    PlatformConnection session = Session();
    const std::string before = Sessions(session);
    work();
    while (Sessions(session) != before) std::this_thread::yield();
  }
  // Rows that the server has read of the table, through its indexes and without.
  [[nodiscard]] std::int64_t RowsRead(const std::string& table) {
    PlatformConnection session = Session();
    return std::stoll(session.Value(
        "SELECT seq_tup_read + coalesce((SELECT sum(idx_tup_read) FROM pg_stat_all_indexes i WHERE "
        "i.relid = t.relid), 0) FROM pg_stat_all_tables t WHERE relid = '" +
        table + "'::regclass"));
  }

 private:
  static std::string Sessions(PlatformConnection& session) {
    return session.Value(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_type "
        "= 'client backend'");
  }
};

class KeptPlans : public PlansTest {
 protected:
  // Settles so many letters of their own executions, in a session of its own.
  void SettleInASession(postgres::Options options, std::uint8_t first, std::uint8_t count,
                        const std::function<void()>& after_the_first = nullptr) {
    InItsSessions([&] {
      auto settlement = postgres::MakeSettlement(options);
      for (std::uint8_t number = first; number < first + count; ++number) {
        Put(Number(number));
        const Judgement judgement = Fails(LetterBuilder(Number(number)));
        const auto settled = Good(settlement->Settle(std::span(&judgement, 1), LockedRows::kWait));
        EXPECT_EQ(settled.at(0).outcome, Outcome::kFailed);
        if (number == first && after_the_first) after_the_first();
      }
    });
  }
};

INSTANTIATE_TEST_SUITE_P(Postgres, KeptPlans, testing::Values(MakeLedger(MakeSeparateLedger)),
                         [](const auto&) { return "Ledger"; });

// A plan of a table of one row may as well read it whole; it must not be kept until there are many.
TEST_P(KeptPlans, P9_APlanOfASmallLedgerIsNotKeptUntilItIsLarge) {
  const std::vector<std::string> tables = {"deadletter.letter_key", "execution"};
  postgres::Options options = postgres().options();
  SettleInASession(options, 1, 1);
  Session().Run(
      "ALTER TABLE deadletter.letter_key SET (autovacuum_enabled = off);"
      "ALTER TABLE execution SET (autovacuum_enabled = off);");
  Session().Run("ANALYZE");

  std::vector<std::int64_t> before;
  options.plans_kept = std::chrono::milliseconds(0);
  SettleInASession(options, 2, 5, [&] {
    Session().Run(
        "INSERT INTO deadletter.letter_key SELECT sha256(n::text::bytea), gen_random_uuid() FROM "
        "generate_series(1, 20000) n;"
        "INSERT INTO execution (id, action_ref, status) SELECT n, 'core.echo', 'completed' FROM "
        "generate_series(1000, 21000) n");
    for (const std::string& table : tables) before.push_back(RowsRead(table));
  });
  for (std::size_t index = 0; index < tables.size(); ++index)
    EXPECT_LT(RowsRead(tables[index]) - before[index], 10'000) << tables[index];
}

class ListPlans : public PlansTest {};

INSTANTIATE_TEST_SUITE_P(Postgres, ListPlans, testing::Values(MakeLedger(MakeSeparateLedger)),
                         [](const auto&) { return "Ledger"; });

// The server expects few letters of an action that it has not seen often, and would rather gather
// and sort them, all the more where an operator's settings make that look cheap.
TEST_P(ListPlans, P9_APageOfAnActionReadsNoMoreLettersThanItHas) {
  (void)Settle({Ends(LetterBuilder().Action("core.often").Build(), Outcome::kParked)});
  Session().Run(
      "ALTER TABLE deadletter.letter SET (autovacuum_enabled = off);"
      "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET seq_page_cost = 0.01', "
      "current_database()); END $$;"
      "INSERT INTO deadletter.letter SELECT copy.* FROM deadletter.letter AS one, "
      "generate_series(1, 20000) AS n, LATERAL jsonb_populate_record(one, jsonb_build_object("
      "'id', gen_random_uuid(), 'action', CASE WHEN n % 50 = 0 THEN 'core.rare' ELSE 'core.often' "
      "END::bytea)) AS copy");
  LetterFilter rare;
  rare.action = "core.rare";
  const std::int64_t before = RowsRead("deadletter.letter");
  InItsSessions([&] {
    const auto catalog = postgres::MakeCatalog(postgres().options());
    EXPECT_EQ(Good(catalog->List(rare, 10, {})).letters.size(), 10U);
  });
  EXPECT_LE(RowsRead("deadletter.letter") - before, 20);
}

}  // namespace
}  // namespace deadletter::test
