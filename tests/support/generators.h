// What property tests draw from.
#pragma once

#include <rapidcheck.h>

#include <utility>

namespace deadletter::test {

// The whole of `gen` from the first case on: by itself a range grows with the number of the case.
template <class T>
rc::Gen<T> Whole(rc::Gen<T> gen) {
  return rc::gen::resize(rc::kNominalSize, std::move(gen));
}

}  // namespace deadletter::test
