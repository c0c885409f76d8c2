// What every Executions does for those who submit, work and ask. Included once a test program.
#pragma once

#include "tests/conformance/ledger_conformance.h"

namespace deadletter::test {

class ExecutionsConformance : public LedgerConformance {
 protected:
  [[nodiscard]] static NewExecution Echo(std::optional<std::string> worker_id) {
    NewExecution execution;
    execution.action_ref = "core.echo";
    execution.worker_id = std::move(worker_id);
    execution.payload_json = R"({"n":1})";
    execution.address = {.exchange = "dispatch", .routing_key = "to.worker"};
    return execution;
  }
};

TEST_P(ExecutionsConformance, SubmittingPutsTheRowAndItsMessageDownTogether) {
  for (const auto shape : {PlatformShape::kAttune, PlatformShape::kTextIds, PlatformShape::kUuidIds,
                           PlatformShape::kPlainJobs}) {
    SCOPED_TRACE(TableOf(shape).table);
    Use({.shape = shape});
    auto executions = ledger_->OpenExecutions();
    const std::vector<NewExecution> wanted = {Echo("7"), Echo(std::nullopt)};
    const Instant now = Now();
    const auto ids = Good(executions->Submit(wanted, now, std::nullopt));
    ASSERT_EQ(ids.size(), 2U);
    EXPECT_NE(ids[0], ids[1]);
    EXPECT_EQ(StatusOf(ids[0]), TableOf(shape).replay_status);

    const auto entries = Claim();
    ASSERT_EQ(entries.size(), 2U);
    for (std::size_t i = 0; i < 2; ++i) {
      EXPECT_EQ(entries[i].kind, OutboxKind::kSubmit);
      EXPECT_EQ(entries[i].address, wanted[i].address);
      EXPECT_TRUE(entries[i].message.properties.message_id.has_value());
      EXPECT_THAT(entries[i].message.body,
                  testing::HasSubstr(R"("execution_id":)" + ids[i].ToJson()));
    }
    EXPECT_THAT(entries[0].message.body, testing::HasSubstr(R"("worker_id":7)"));
  }
}

TEST_P(ExecutionsConformance, ASubmittedExecutionIsFoundWithTheStampOfItsMessage) {
  auto executions = ledger_->OpenExecutions();
  const std::vector<NewExecution> wanted = {Echo("7")};
  const auto ids = Good(executions->Submit(wanted, Now(), std::nullopt));
  const auto row = Good(executions->Find(ids.at(0))).value();
  EXPECT_EQ(row.id, ids[0]);
  EXPECT_EQ(row.status, "scheduled");
  EXPECT_EQ(row.action_ref, "core.echo");
  EXPECT_EQ(row.result_json, std::nullopt);
  EXPECT_EQ(row.updated, UpdatedOf(ids[0]));
  EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(ids[0]).Attempt(*row.updated))), Outcome::kFailed);
  EXPECT_TRUE(Good(executions->Find(ids[0]))->result_json.has_value());
}

TEST_P(ExecutionsConformance, P8_ASubmissionAndWhatTellsOfItAreThereTogether) {
  auto executions = ledger_->OpenExecutions();
  auto audit = ledger_->OpenAudit();
  AuditEntry entry;
  entry.id = TimeOrderedUuid(Now());
  entry.at = Now();
  entry.who = "anna";
  entry.role = "operator";
  entry.what = "submit";
  entry.subject = "worker.7.executions";
  entry.letters = 0;
  const std::vector<NewExecution> wanted = {Echo("7")};
  const auto ids = Good(executions->Submit(wanted, Now(), entry));
  EXPECT_EQ(StatusOf(ids.at(0)), "scheduled");
  const auto acts = Good(audit->List({}, 10, std::nullopt)).entries;
  ASSERT_EQ(acts.size(), 1U);
  EXPECT_EQ(acts[0].who, "anna");
  EXPECT_EQ(acts[0].subject, "worker.7.executions");
  EXPECT_EQ(acts[0].letters, 0);
  EXPECT_EQ(Claim().size(), 1U);

  // Its id is taken: the entry cannot be written, and so nothing may be.
  EXPECT_FALSE(executions->Submit(wanted, Now(), entry));
  EXPECT_THAT(Claim(), testing::IsEmpty());
  EXPECT_EQ(Good(executions->Submit(wanted, Now(), std::nullopt)).size(), 1U);
  EXPECT_EQ(Claim().size(), 1U);
  EXPECT_EQ(Good(audit->List({}, 10, std::nullopt)).entries.size(), 1U);
  EXPECT_EQ(ledger_->ReadFacts().rows.size(), 2U) << "none is left of what was refused";
}

TEST_P(ExecutionsConformance, WhatIsNotThereIsNotFound) {
  auto executions = ledger_->OpenExecutions();
  EXPECT_EQ(Good(executions->Find(Number(99))), std::nullopt);
  EXPECT_FALSE(Good(executions->FinishIfFailable(Number(99), {}, "completed", "{}")));
}

TEST_P(ExecutionsConformance, AnExecutionIsFinishedOnce) {
  auto executions = ledger_->OpenExecutions();
  Put(Number(1), "running");
  EXPECT_TRUE(Good(executions->FinishIfFailable(Number(1), {}, "completed", R"({"answer":42})")));
  EXPECT_EQ(StatusOf(Number(1)), "completed");
  EXPECT_THAT(ledger_->Read(Number(1))->result_json.value(), testing::HasSubstr("42"));
  EXPECT_FALSE(Good(executions->FinishIfFailable(Number(1), {}, "failed", "{}")));
  EXPECT_EQ(StatusOf(Number(1)), "completed");
}

TEST_P(ExecutionsConformance, P2_AFailedExecutionIsNotFinishedByALateWorker) {
  auto executions = ledger_->OpenExecutions();
  Put(Number(1));
  EXPECT_EQ(OutcomeOf(Fails(LetterBuilder(Number(1)))), Outcome::kFailed);
  EXPECT_FALSE(Good(executions->FinishIfFailable(Number(1), {}, "completed", "{}")));
  EXPECT_EQ(StatusOf(Number(1)), "failed");
}

TEST_P(ExecutionsConformance, P2_AnExecutionIsFinishedOnlyByTheMessageOfItsAttempt) {
  for (const auto shape : {PlatformShape::kAttune, PlatformShape::kUuidIds}) {
    SCOPED_TRACE(TableOf(shape).table);
    Use({.shape = shape});
    auto executions = ledger_->OpenExecutions();
    const ExecutionId id = IdFor(shape, 1);
    Put(id);
    const Instant updated = UpdatedOf(id);
    const auto finish = [&](const MessageAttempt& attempt) {
      return Good(executions->FinishIfFailable(id, attempt, "completed", "{}"));
    };
    const auto of = [](Instant from, Microseconds width) {
      return MessageAttempt{.window = AttemptWindow{from, from + width}};
    };
    EXPECT_FALSE(finish(of(updated - Microseconds(1), Microseconds(1)))) << "an earlier attempt's";
    EXPECT_FALSE(finish(of(updated + Microseconds(1), Microseconds(1)))) << "a later attempt's";
    EXPECT_EQ(StatusOf(id), TableOf(shape).replay_status);
    EXPECT_TRUE(finish(of(updated, Microseconds(1))));
    EXPECT_EQ(StatusOf(id), "completed");
  }
}

TEST_P(ExecutionsConformance, P2_AfterARetryOnlyItsOwnMessageFinishesTheExecution) {
  auto executions = ledger_->OpenExecutions();
  Put(Number(1));
  const Instant updated = UpdatedOf(Number(1));
  const ReplayId replay = NewReplayId();
  EXPECT_EQ(OutcomeOf(Retries(LetterBuilder(Number(1)).Build(), replay, Now())), Outcome::kRetried);
  const AttemptWindow window{updated, updated + Microseconds(1)};
  const auto finish = [&](const MessageAttempt& attempt) {
    return Good(executions->FinishIfFailable(Number(1), attempt, "completed", "{}"));
  };
  EXPECT_FALSE(finish({})) << "the message that died carries no replay's id";
  EXPECT_FALSE(finish({.window = window}));
  EXPECT_FALSE(finish({.window = window, .replay_id = NewReplayId()}));
  EXPECT_EQ(StatusOf(Number(1)), "scheduled");
  EXPECT_TRUE(finish({.window = window, .replay_id = replay}));
  EXPECT_EQ(StatusOf(Number(1)), "completed");
}

TEST_P(ExecutionsConformance, AnAttemptLaterThanTheRetryIsThePlatformsOwn) {
  auto executions = ledger_->OpenExecutions();
  Put(Number(1));
  EXPECT_EQ(OutcomeOf(Retries(LetterBuilder(Number(1)).Build(), NewReplayId(), Now())),
            Outcome::kRetried);
  const Instant before = UpdatedOf(Number(1));
  while (UpdatedOf(Number(1)) <= before) ledger_->SetStatus(Number(1), "scheduled");
  const Instant updated = UpdatedOf(Number(1));
  EXPECT_TRUE(Good(executions->FinishIfFailable(
      Number(1), {.window = AttemptWindow{updated, updated + Microseconds(1)}}, "completed",
      "{}")));
}

TEST_P(ExecutionsConformance, WhereThereIsNoResultColumnTheStatusIsEnough) {
  Use({.shape = PlatformShape::kPlainJobs});
  auto executions = ledger_->OpenExecutions();
  Put(Number(1), "working");
  EXPECT_TRUE(Good(executions->FinishIfFailable(Number(1), {}, "finished", R"({"answer":42})")));
  EXPECT_EQ(StatusOf(Number(1)), "finished");
  EXPECT_TRUE(ledger_->Read(Number(1))->finished);
}

}  // namespace deadletter::test
