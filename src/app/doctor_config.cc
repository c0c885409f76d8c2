#include "app/doctor_config.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/http_call.h"
#include "base/rfc3339.h"
#include "http/tls_files.h"
#include "operations/token_file.h"

namespace deadletter {
namespace {

constexpr std::chrono::hours kCertificateSoon{14 * 24};
constexpr std::chrono::seconds kOccupantLimit{2};
constexpr const char* kConfigurationFile = "configuration file";
constexpr int kFirstFreePort = 1'024;

bool IsLoopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

NamedFile LookAtFile(const std::string& key, const std::string& path, bool holds_secret) {
  NamedFile file{.key = key, .path = path, .holds_secret = holds_secret};
  file.readable = access(path.c_str(), R_OK) == 0;
  struct stat found{};
  if (stat(path.c_str(), &found) != 0) return file;
  file.open_to_others = (found.st_mode & S_IROTH) != 0;
  file.others_may_write = (found.st_mode & (S_IWOTH | S_IWGRP)) != 0;
  return file;
}

bool HasPassword(const std::string& url) {
  return !url.empty() && MaskSecrets(url) != url;
}

// Whether the configuration's own file holds a password.
bool FileHoldsSecret(const Config& config) {
  const auto from_file = [&](const char* key) {
    const auto origin = config.origins.find(key);
    return origin != config.origins.end() && origin->second.starts_with(*config.file + ":");
  };
  bool holds = from_file("ledger.url") && HasPassword(config.ledger.url);
  for (const auto& url : config.broker.urls)
    holds = holds || (from_file("broker.url") && HasPassword(url));
  return holds || (from_file("broker.management_url") &&
                   HasPassword(config.broker.management_url.value_or("")));
}

// An address of another machine is refused at once; the port is not touched.
std::optional<std::string> WhyNotOurs(const std::string& host) {
  if (host == "localhost") return std::nullopt;
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  v4.sin_family = AF_INET;
  v6.sin6_family = AF_INET6;
  const bool is_v4 = inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1;
  if (!is_v4 && inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) != 1) return std::nullopt;
  const int file = socket(is_v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (file < 0) return "it cannot be listened on: " + std::string(std::strerror(errno));
  const auto* address =
      is_v4 ? reinterpret_cast<const sockaddr*>(&v4) : reinterpret_cast<const sockaddr*>(&v6);
  const int bound = bind(file, address, is_v4 ? sizeof v4 : sizeof v6);
  const int why = errno;
  close(file);
  if (bound == 0) return std::nullopt;
  return "it cannot be listened on: " + std::string(std::strerror(why));
}

std::string UrlOf(const Config& config) {
  std::string host = config.http.host;
  if (host == "0.0.0.0") host = "127.0.0.1";
  if (host == "::") host = "::1";
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  const std::string path = config.http.base_path == "/" ? "" : config.http.base_path;
  return (config.http.tls_cert ? "https://" : "http://") + host + ":" +
         std::to_string(config.http.port) + path + "/healthz";
}

Occupant WhoIsThere(const Config& config) {
  if (config.http.port == 0) return Occupant::kNobody;
  HttpRequest request;
  request.url = UrlOf(config);
  request.ca_file = config.http.tls_cert.value_or("");
  request.connect_limit = kOccupantLimit;
  request.limit = kOccupantLimit;
  request.max_answer_bytes = std::size_t{64} << 10;
  const auto reply = CallHttp(request);
  if (!reply && reply.error().fault == HttpFault::kNoServer) return Occupant::kNobody;
  if (!reply && reply.error().fault == HttpFault::kNotTrusted && config.http.tls_cert)
    return Occupant::kUnclear;
  const bool is_ours = reply && reply->status == 200 &&
                       reply->content_type.starts_with("application/json") &&
                       reply->body.find("\"alive\"") != std::string::npos;
  return is_ours ? Occupant::kOurs : Occupant::kSomebody;
}

void LookAtTokens(const std::string& path, LocalFacts& facts) {
  const auto text = ReadTokenFile(path);
  if (!text) {
    facts.tokens_error = text.error().message;
    return;
  }
  auto list = ParseTokenFile(*text);
  facts.tokens = list.entries.size();
  facts.tokens_problems = std::move(list.problems);
}

class ConfigurationExamination {
 public:
  ConfigurationExamination(const Config& config, const LocalFacts& facts)
      : config_(config), facts_(facts) {}

  std::vector<Diagnosis> Make() {
    out_.Ok("configuration", (config_.file ? *config_.file : std::string("no file, the defaults")) +
                                 "; pair " + std::string(PairName(config_.pair)));
    for (const auto& warning : config_.warnings)
      out_.Warning("configuration", warning, "`deadletter config check` shows what counts");
    for (const auto& file : facts_.files) Judge(file);
    JudgeTokens();
    JudgeAddress();
    JudgeTls();
    return out_.Take();
  }

 private:
  void Judge(const NamedFile& file) {
    const auto check = file.key + " " + file.path;
    if (!file.readable) {
      out_.Wrong(check, "it cannot be read", "`ls -l` it, and correct its path or its owner");
    } else if (file.holds_secret && file.others_may_write) {
      out_.Wrong(check, "others than its owner may change it", "chmod go-w " + file.path);
    } else if (file.holds_secret && file.open_to_others) {
      const bool is_our_own = file.key == kConfigurationFile;  // often mounted so, by intention
      out_.Add(is_our_own ? DiagnosisLevel::kWarning : DiagnosisLevel::kWrong, check,
               "everybody on this machine may read it", "chmod o-rwx " + file.path);
    } else {
      out_.Ok(check, "can be read by those who should");
    }
  }

  void JudgeTokens() {
    if (!config_.tokens_file) {
      return out_.Ok("access tokens", "none are configured: only this machine may ask");
    }
    if (facts_.tokens_error) {
      out_.Wrong("access tokens", *facts_.tokens_error,
                 "`deadletter token new --name NAME --role ROLE` makes the file and a token in it");
    } else if (!facts_.tokens_problems.empty()) {
      out_.Wrong("access tokens",
                 *config_.tokens_file + ": " + facts_.tokens_problems.front() +
                     (facts_.tokens_problems.size() > 1
                          ? " (and " + std::to_string(facts_.tokens_problems.size() - 1) + " more)"
                          : std::string()),
                 "correct or delete that line: serve does not start with it");
    } else if (facts_.tokens == 0) {
      out_.Warning("access tokens", "there is none in " + *config_.tokens_file,
                   "`deadletter token new --name NAME --role ROLE`");
    } else {
      out_.Ok("access tokens", std::to_string(facts_.tokens) + " are known");
    }
  }

  void JudgeAddress() {
    const auto check = "address " + config_.http.host + ":" + std::to_string(config_.http.port);
    if (facts_.address_error) {
      out_.Wrong(check, *facts_.address_error, "set http.listen to an address of this machine");
    } else if (facts_.occupant == Occupant::kOurs) {
      out_.Ok(check, "a server of ours answers there");
    } else if (facts_.occupant == Occupant::kUnclear) {
      out_.Unknown(check, "somebody listens there whose certificate is not for this address",
                   "a server of ours, where one runs; `ss -ltnp` tells");
    } else if (facts_.occupant == Occupant::kSomebody) {
      out_.Wrong(check, "somebody else listens there",
                 "`ss -ltnp` tells who; set http.listen to a free port");
    } else if (config_.http.port != 0 && config_.http.port < kFirstFreePort && geteuid() != 0) {
      out_.Warning(check, "a port below 1024 wants a right that an ordinary user has not",
                   "set http.listen to another port, or give the right CAP_NET_BIND_SERVICE");
    } else {
      out_.Ok(check, "free");
    }
    if (!IsLoopback(config_.http.host) && !config_.http.tls_cert) {
      out_.Warning("TLS", "tokens and letters cross the network in clear text",
                   "set http.tls_cert and http.tls_key, or listen on 127.0.0.1 behind a proxy");
    }
  }

  void JudgeTls() {
    if (!config_.http.tls_cert) return;
    if (facts_.tls_error) {
      return out_.Wrong("certificate", *facts_.tls_error,
                        "correct http.tls_cert and http.tls_key: serve does not start with them");
    }
    if (!facts_.certificate_good_until) return;
    const auto until = *facts_.certificate_good_until;
    if (until == Instant::max()) return out_.Ok("certificate", "it belongs to its key");
    const auto seen = "it is good until " + FormatRfc3339(until);
    if (until <= facts_.now) {
      out_.Wrong("certificate", seen, "renew it, then restart the server");
    } else if (until - facts_.now < kCertificateSoon) {
      out_.Warning("certificate", seen, "renew it, then restart the server");
    } else {
      out_.Ok("certificate", seen);
    }
  }

  const Config& config_;
  const LocalFacts& facts_;
  Diagnoses out_;
};

}  // namespace

LocalFacts LookAtMachine(const Config& config, const Clock& clock) {
  LocalFacts facts;
  facts.now = clock.Now();
  const auto look = [&](const char* key, const std::optional<std::string>& path, bool secret) {
    if (path) facts.files.push_back(LookAtFile(key, *path, secret));
  };
  if (config.file && FileHoldsSecret(config)) look(kConfigurationFile, config.file, true);
  look("broker.ca_file", config.broker.ca_file, false);
  look("broker.cert_file", config.broker.cert_file, false);
  look("broker.key_file", config.broker.key_file, true);
  look("http.tls_key", config.http.tls_key, true);
  look("auth.tokens_file", config.tokens_file, true);
  if (config.tokens_file) LookAtTokens(*config.tokens_file, facts);
  if (config.http.tls_cert && config.http.tls_key) {
    const auto until = http::TlsFilesGoodUntil(*config.http.tls_cert, *config.http.tls_key);
    if (until) {
      facts.certificate_good_until = *until;
    } else {
      facts.tls_error = until.error().message;
    }
  }
  facts.address_error = WhyNotOurs(config.http.host);
  if (!facts.address_error) facts.occupant = WhoIsThere(config);
  return facts;
}

std::vector<Diagnosis> JudgeConfiguration(const Config& config, const LocalFacts& facts) {
  return ConfigurationExamination(config, facts).Make();
}

}  // namespace deadletter
