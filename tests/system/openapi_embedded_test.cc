// The served document, over the embedded pair, whose ledger is a file that nobody can take away.
#include "tests/system/embedded_pair.h"
#include "tests/system/openapi.h"

namespace deadletter::test {

INSTANTIATE_TEST_SUITE_P(Embedded, ServedDocument,
                         testing::Values(DocumentCase{.pair = EmbeddedPair(), .has_work = true}),
                         [](const auto&) { return "Pair"; });

}  // namespace deadletter::test
