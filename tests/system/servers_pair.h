// A real RabbitMQ and a real PostgreSQL, one of each for all the tests of a program.
#pragma once

#include "tests/system/pair.h"

namespace deadletter::test {

[[nodiscard]] PairFactory ServersPair();

}  // namespace deadletter::test
