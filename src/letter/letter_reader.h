// The first pure step of the road: a delivery in, a letter out, whatever the bytes are.
#pragma once

#include "letter/letter.h"
#include "letter/letter_format.h"
#include "letter/place_reader.h"

namespace deadletter {

// Immutable after construction; Read() may be called from any number of threads at once.
class LetterReader {
 public:
  explicit LetterReader(LetterFormat format);

  // Total: never throws for what a delivery holds, never recurses by its depth, and looks only at
  // the configured places, so that what we do not read cannot spoil a letter. `id` becomes the
  // letter's.
  //
  // A malformed letter tells all that could be read of it. The body must be a JSON object of at
  // most max_body_bytes only if the type, the execution's id or the attempt is in it. In headers
  // and properties, which have no better way to say it, an integer id may also be text ("5").
  [[nodiscard]] Letter Read(LetterId id, Delivery delivery) const;

 private:
  [[nodiscard]] std::optional<Malformation> Judge(Letter& letter, const PlaceReading& places) const;
  [[nodiscard]] bool IsExecutionRequest(const Letter& letter) const;

  LetterFormat format_;
  bool needs_body_;
  PlaceReader places_;
};

}  // namespace deadletter
