// What a look at one thing of a set-up came to: a line of `deadletter doctor`.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace deadletter {

enum class DiagnosisLevel {
  kOk,
  kWarning,  // it works, and somebody should know
  kWrong,    // as long as it is so, letters are lost or stuck, events are not heard, a secret lies
             // open
  kUnknown,  // could not be looked at; the advice says what would let it
};

struct Diagnosis {
  DiagnosisLevel level = DiagnosisLevel::kOk;
  std::string check;   // "queue attune.dlx.queue": the same for the same thing in every run
  std::string seen;    // what was looked at and how it is, one line; never a secret
  std::string advice;  // what to do, with the command where there is one; empty: nothing
};

[[nodiscard]] constexpr std::string_view DiagnosisLevelName(DiagnosisLevel level) {
  switch (level) {
    case DiagnosisLevel::kOk:
      return "ok";
    case DiagnosisLevel::kWarning:
      return "warning";
    case DiagnosisLevel::kWrong:
      return "wrong";
    case DiagnosisLevel::kUnknown:
      return "unknown";
  }
  return "";
}

// Gathers them.
class Diagnoses {
 public:
  void Ok(std::string check, std::string seen) {
    all_.push_back({DiagnosisLevel::kOk, std::move(check), std::move(seen), ""});
  }
  void Add(DiagnosisLevel level, std::string check, std::string seen, std::string advice) {
    all_.push_back({level, std::move(check), std::move(seen), std::move(advice)});
  }
  void Warning(std::string check, std::string seen, std::string advice) {
    Add(DiagnosisLevel::kWarning, std::move(check), std::move(seen), std::move(advice));
  }
  void Wrong(std::string check, std::string seen, std::string advice) {
    Add(DiagnosisLevel::kWrong, std::move(check), std::move(seen), std::move(advice));
  }
  void Unknown(std::string check, std::string seen, std::string advice) {
    Add(DiagnosisLevel::kUnknown, std::move(check), std::move(seen), std::move(advice));
  }
  void Append(std::vector<Diagnosis> more) {
    for (auto& one : more) all_.push_back(std::move(one));
  }
  [[nodiscard]] std::vector<Diagnosis> Take() { return std::move(all_); }

 private:
  std::vector<Diagnosis> all_;
};

}  // namespace deadletter
