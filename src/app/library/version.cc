#include "deadletter/version.h"

namespace deadletter {

const char* Version() {
  return DEADLETTER_VERSION;
}

}  // namespace deadletter
