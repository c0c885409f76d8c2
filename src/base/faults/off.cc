#include "base/fault_point.h"

namespace deadletter::fault {

extern const bool kArmed = false;

void HitArmed(std::string_view) {}

}  // namespace deadletter::fault
