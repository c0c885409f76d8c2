#include "sqlite/database.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <thread>
#include <vector>

#include "tests/support/temporary_folder.h"

namespace deadletter::sqlite {
namespace {

class SqliteDatabase : public ::testing::Test {
 protected:
  std::unique_ptr<Database> Open(
      std::chrono::milliseconds busy_timeout = std::chrono::seconds(10)) {
    auto opened = Database::Open(path_, {busy_timeout, true});
    EXPECT_TRUE(opened) << opened.error().message;
    return std::move(*opened);
  }

  static std::int64_t Count(Database& database) {
    auto statement = database.Prepare("SELECT count(*) FROM t");
    EXPECT_TRUE(statement.Next());
    return statement.Int64(0);
  }

  test::TemporaryFolder folder_;
  std::string path_ = folder_ / "test.sqlite";
};

TEST_F(SqliteDatabase, IsOpenedWithAWriteAheadLogAndFullSynchronisation) {
  auto database = Open();
  auto mode = database->Prepare("PRAGMA journal_mode");
  ASSERT_TRUE(mode.Next());
  EXPECT_EQ(mode.Text(0), "wal");
  auto synchronous = database->Prepare("PRAGMA synchronous");
  ASSERT_TRUE(synchronous.Next());
  EXPECT_EQ(synchronous.Int64(0), 2);
}

// As a program begins with it: nothing may have used SQLite before.
const bool kCountsNoMemory = [] {
  CountNoMemory();
  return true;
}();

TEST_F(SqliteDatabase, CountsNoMemoryWhereThatIsAskedFor) {
  ASSERT_TRUE(kCountsNoMemory);
  const auto database = Open();
  EXPECT_EQ(sqlite3_memory_used(), 0);
}

TEST_F(SqliteDatabase, WhatCannotHaveALogIsRefused) {
  EXPECT_FALSE(Database::Open(":memory:"));
}

TEST_F(SqliteDatabase, AMissingFileIsAnErrorWhereItMustNotBeCreated) {
  EXPECT_FALSE(Database::Open(path_, {std::chrono::seconds(1), false}));
}

TEST_F(SqliteDatabase, AFileThatIsNoDatabaseIsAnError) {
  FILE* file = fopen(path_.c_str(), "w");
  fputs(std::string(4096, 'x').c_str(), file);
  fclose(file);
  EXPECT_FALSE(Database::Open(path_));
}

TEST_F(SqliteDatabase, EveryKindOfValueComesBackAsItWas) {
  auto database = Open();
  const std::string bytes("\0\xff\n", 3);
  auto statement =
      database->Prepare("SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, typeof(?3), typeof(?4), ?8");
  statement.Bind(std::int64_t{-7}, true, bytes, Blob{bytes}, nullptr, std::optional<std::string>(),
                 Instant(Microseconds(42)), std::string_view());
  ASSERT_TRUE(statement.Next());
  EXPECT_EQ(statement.Int64(0), -7);
  EXPECT_TRUE(statement.Bool(1));
  EXPECT_EQ(statement.Text(2), bytes);
  EXPECT_EQ(statement.Text(3), bytes);
  EXPECT_TRUE(statement.IsNull(4));
  EXPECT_EQ(statement.OptionalText(5), std::nullopt);
  EXPECT_EQ(statement.OptionalTime(6), Instant(Microseconds(42)));
  EXPECT_EQ(statement.Text(7), "text");
  EXPECT_EQ(statement.Text(8), "blob");
  EXPECT_FALSE(statement.IsNull(9));
  EXPECT_FALSE(statement.Next());
  EXPECT_FALSE(statement.error());
}

TEST_F(SqliteDatabase, AStatementInUseCanBePreparedAgain) {
  auto database = Open();
  auto outer = database->Prepare("SELECT ?1");
  outer.Bind(1);
  ASSERT_TRUE(outer.Next());
  {
    auto inner = database->Prepare("SELECT ?1");
    inner.Bind(2);
    ASSERT_TRUE(inner.Next());
    EXPECT_EQ(inner.Int64(0), 2);
  }
  EXPECT_EQ(outer.Int64(0), 1);
}

TEST_F(SqliteDatabase, AStatementGivenBackHasForgottenItsValues) {
  auto database = Open();
  static_cast<void>(database->Prepare("SELECT ?1").Bind(1).Run());
  auto again = database->Prepare("SELECT ?1");
  ASSERT_TRUE(again.Next());
  EXPECT_TRUE(again.IsNull(0));
}

TEST_F(SqliteDatabase, ATextThatDoesNotCompileIsAnErrorOfTheStatement) {
  auto database = Open();
  auto statement = database->Prepare("SELEKT 1");
  statement.Bind(1);
  EXPECT_FALSE(statement.Next());
  ASSERT_TRUE(statement.error());
  EXPECT_FALSE(statement.Run());
}

TEST_F(SqliteDatabase, ATransactionThatIsNotCommittedLeavesNothing) {
  auto database = Open();
  ASSERT_TRUE(database->Execute("CREATE TABLE t (a UNIQUE)"));
  {
    auto transaction = Transaction::Begin(*database);
    ASSERT_TRUE(transaction);
    ASSERT_TRUE(database->Prepare("INSERT INTO t VALUES (1)").Run());
  }
  EXPECT_EQ(Count(*database), 0);
}

TEST_F(SqliteDatabase, P2_OneFailedStatementSpoilsTheWholeTransaction) {
  auto database = Open();
  ASSERT_TRUE(database->Execute("CREATE TABLE t (a UNIQUE)"));
  auto transaction = Transaction::Begin(*database);
  ASSERT_TRUE(transaction);
  auto insert = database->Prepare("INSERT INTO t VALUES (?1)");
  static_cast<void>(insert.Bind(1).Run());
  static_cast<void>(insert.Bind(1).Run());
  EXPECT_TRUE(transaction->error());
  static_cast<void>(insert.Bind(2).Run());
  const auto committed = transaction->Commit();
  ASSERT_FALSE(committed);
  EXPECT_EQ(committed.error().code, SQLITE_CONSTRAINT_UNIQUE);
  EXPECT_EQ(Count(*database), 0);

  auto next = Transaction::Begin(*database);
  ASSERT_TRUE(next) << "an error must not outlive its transaction";
  static_cast<void>(insert.Bind(3).Run());
  EXPECT_TRUE(next->Commit());
  EXPECT_EQ(Count(*database), 1);
}

TEST_F(SqliteDatabase, P2_NothingRunsAloneOnceSqliteHasEndedTheTransactionItself) {
  auto database = Open();
  ASSERT_TRUE(
      database->Execute("CREATE TABLE t (a); CREATE TRIGGER no BEFORE INSERT ON t WHEN NEW.a = 2 "
                        "BEGIN SELECT RAISE(ROLLBACK, 'no'); END"));
  auto transaction = Transaction::Begin(*database);
  ASSERT_TRUE(transaction);
  auto insert = database->Prepare("INSERT INTO t VALUES (?1)");
  for (int i = 1; i <= 3; ++i) static_cast<void>(insert.Bind(i).Run());
  EXPECT_FALSE(database->Execute("INSERT INTO t VALUES (4)"));
  EXPECT_FALSE(transaction->Commit());
  EXPECT_EQ(Count(*database), 0);
}

TEST_F(SqliteDatabase, AWriteThatAnotherHoldsTooLongIsBusy) {
  auto holder = Open();
  auto other = Open(std::chrono::milliseconds(1));
  auto held = Transaction::Begin(*holder);
  ASSERT_TRUE(held);
  auto refused = Transaction::Begin(*other);
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().IsBusy());
}

// A disk that stands still while another recovers the log: nothing is wrong with the file.
TEST_F(SqliteDatabase, ALogThatAnotherRecoversForTooLongIsBusy) {
  EXPECT_TRUE((DatabaseError{SQLITE_PROTOCOL, "locking protocol"}.IsBusy()));
  EXPECT_FALSE((DatabaseError{SQLITE_CORRUPT, "malformed"}.IsBusy()));
}

TEST_F(SqliteDatabase, TheDataVersionTellsOfAnothersCommit) {
  auto reader = Open();
  auto writer = Open();
  const auto before = reader->DataVersion();
  ASSERT_TRUE(before);
  EXPECT_EQ(*reader->DataVersion(), *before);
  ASSERT_TRUE(writer->Execute("CREATE TABLE t (a)"));
  EXPECT_NE(*reader->DataVersion(), *before);
}

TEST_F(SqliteDatabase, ManyMayOpenAndWriteANewFileAtOnce) {
  constexpr int kWriters = 6;
  std::vector<std::jthread> writers;
  for (int i = 0; i < kWriters; ++i) {
    writers.emplace_back([&] {
      auto database = Open();
      auto transaction = Transaction::Begin(*database);
      ASSERT_TRUE(transaction);
      static_cast<void>(database->Execute("CREATE TABLE IF NOT EXISTS t (a)"));
      static_cast<void>(database->Prepare("INSERT INTO t VALUES (1)").Run());
      ASSERT_TRUE(transaction->Commit());
    });
  }
  writers.clear();
  auto database = Open();
  EXPECT_EQ(Count(*database), kWriters);
}

}  // namespace
}  // namespace deadletter::sqlite
