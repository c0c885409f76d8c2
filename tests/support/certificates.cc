#include "tests/support/certificates.h"

#include <fstream>
#include <stdexcept>
#include <vector>

#include "tests/support/child_process.h"

namespace deadletter::test {
namespace {

void OpenSsl(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "openssl");
  const Finished made = RunProgram(std::move(arguments));
  if (made.status != 0) throw std::runtime_error("openssl made no certificates:\n" + made.output);
}

}  // namespace

Certificates::Certificates() {
  MakeAuthority("ca");
  MakeAuthority("stranger");
  MakeServer();
}

void Certificates::MakeAuthority(const std::string& name) const {
  OpenSsl({"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
           "-days", "30", "-subj", "/CN=deadletter test authority " + name, "-keyout",
           PathOf(name + ".key"), "-out", PathOf(name + ".pem")});
}

void Certificates::MakeServer() const {
  std::ofstream(PathOf("names")) << "subjectAltName=DNS:localhost,IP:127.0.0.1\n";
  OpenSsl({"req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
           "-subj", "/CN=deadletter test server", "-keyout", key(), "-out", PathOf("request")});
  OpenSsl({"x509", "-req", "-in", PathOf("request"), "-CA", authority(), "-CAkey", PathOf("ca.key"),
           "-CAcreateserial", "-days", "30", "-extfile", PathOf("names"), "-out", server()});
}

}  // namespace deadletter::test
