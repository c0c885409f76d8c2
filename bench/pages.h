// What pages of lists take, as somebody who asks over HTTP sees it.
#pragma once

#include <string>
#include <vector>

#include "bench/report.h"
#include "bench/road.h"

namespace deadletter::bench {

// How a page is found: by an index that answers it alone, or by looking through what one gives, for
// two seconds at most, after which a page says how far it has looked.
enum class Finding { kIndexed, kLookedFor };

struct Pages {
  std::string name;
  std::string path;  // of the first; has a `?`
  Finding finding = Finding::kIndexed;
};

// Of each the first page and the thousandth, or the last where there are fewer; stops the server.
// `plans`: prints how the database answers the first, too.
void MeasurePages(Report& report, Served& served, Servers& servers, const std::string& database_url,
                  const std::vector<Pages>& all, bool plans);

}  // namespace deadletter::bench
