// SHA-256 over named parts, each preceded by its length so that no two different lists of parts
// hash alike.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

namespace deadletter {

class Sha256 {
 public:
  using Digest = std::array<std::uint8_t, 32>;

  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void AddPart(std::string_view bytes);
  void AddNumber(std::int64_t number);
  [[nodiscard]] Digest Finish();  // once

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace deadletter
