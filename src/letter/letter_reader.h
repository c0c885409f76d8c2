// The first pure step of the road: a delivery in, a letter out, whatever the bytes are.
#pragma once

#include "letter/letter.h"
#include "letter/letter_format.h"

namespace deadletter {

// Immutable after construction; Read() may be called from any number of threads at once.
class LetterReader {
 public:
  explicit LetterReader(LetterFormat format);

  // Total: never throws for what a delivery holds, never recurses by its depth, and looks only at the configured
  // places, so that what we do not read cannot spoil a letter. `id` becomes the letter's.
  [[nodiscard]] Letter Read(LetterId id, Delivery delivery) const;

 private:
  LetterFormat format_;
};

}  // namespace deadletter
