// The routes of submitters and workers. Internal to http/.
#pragma once

#include <vector>

#include "http/routes.h"

namespace deadletter::http {

// `work` null: each of them answers that there is none over HTTP here.
void AddWork(std::vector<Route>& routes, Work* work);

}  // namespace deadletter::http
