// Certificates for a test's own servers: an authority, and a server's certificate that it signed
// for localhost and 127.0.0.1.
#pragma once

#include <string>

#include "tests/support/temporary_folder.h"

namespace deadletter::test {

class Certificates {
 public:
  Certificates();  // throws where openssl makes none

  [[nodiscard]] std::string authority() const { return folder_ / "ca.pem"; }
  [[nodiscard]] std::string server() const { return folder_ / "server.pem"; }
  [[nodiscard]] std::string key() const { return folder_ / "server.key"; }
  // An authority that signed nothing.
  [[nodiscard]] std::string stranger() const { return folder_ / "stranger.pem"; }
  [[nodiscard]] std::string stranger_key() const { return folder_ / "stranger.key"; }
  [[nodiscard]] std::string PathOf(const std::string& name) const { return folder_ / name; }

 private:
  void MakeAuthority(const std::string& name) const;
  void MakeServer() const;

  TemporaryFolder folder_;
};

}  // namespace deadletter::test
