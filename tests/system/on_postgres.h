// What a pair has besides where its ledger is on a PostgreSQL of ours.
#pragma once

namespace deadletter::test {

class PrivatePostgres;

class OnPostgres {
 public:
  virtual ~OnPostgres() = default;
  [[nodiscard]] virtual PrivatePostgres& postgres() = 0;
};

}  // namespace deadletter::test
