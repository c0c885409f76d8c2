// Keeping an account of a world: what it has to show for itself, and the end of a run.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/account/account.h"
#include "tests/system/world.h"

namespace deadletter::test {

// The other queue that letters are taken from.
inline constexpr const char* kUnroutedQueue = "attune.dlx.unrouted.queue";

// Takes every event that is there off the event queue and tells the account of it. A broker that is
// away gives none for now.
void HearEvents(World& world, Account& account);

// Everything but what is in the dead letter queues, where it is left alone.
[[nodiscard]] Evidence LookAround(World& world, const Account& account);

// Everything. No server may run: what is in the dead letter queues is taken out and given back.
[[nodiscard]] Evidence TakeStock(World& world, const Account& account);

// The end of a run: waits until all is settled and heard, as far as a minute brings it, stops the
// servers in order (they must still run), takes stock and strikes the balance. Fails the test where
// a promise is broken or something is still on its way.
Balance CloseBooks(World& world, Account& account, const std::vector<Server*>& servers);

// Tells the account how often what this server held may have come back to its queue: once for each
// time that it began to consume, as it says itself, and once more where it was killed before it
// could say so. When it has ended.
void TellReturns(Account& account, Server& server);

// What a queue holds: taken, looked at and given back.
[[nodiscard]] std::vector<Message> MessagesIn(World& world, const std::string& queue);
// Of what attempt of its execution a message is, as a worker reads it.
[[nodiscard]] MessageAttempt AttemptOf(const Message& message);
// The executions that the messages of a queue are about, each with the ids of these.
[[nodiscard]] std::map<std::string, std::set<std::string>> MessagesByExecution(
    World& world, const std::string& queue);

// As World::Publish sends it: persistent, with a message id. The account wants to know exactly what
// is sent.
[[nodiscard]] Message AsPublished(Message message);

// The rows and letters of plain tests. An execution of that number in status scheduled, and its
// letter, dead, each told to the account.
void AddExecutions(World& world, Account& account, int from, int until);
void SendRequests(World& world, Account& account, int from, int until);

}  // namespace deadletter::test
