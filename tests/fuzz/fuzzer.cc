// What libFuzzer calls, with the one target that is linked beside it.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/registry.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Null where it is empty, which a view of characters must not be compared with.
  const std::string_view input = size == 0
                                     ? std::string_view("")
                                     : std::string_view(reinterpret_cast<const char*>(data), size);
  deadletter::fuzz::Targets().front().run(input);
  return 0;
}
