#include "http/tls_context.h"

#include <openssl/ssl.h>

#include <ctime>

#include "http/tls_files.h"

namespace deadletter::http {
namespace {

namespace ssl = boost::asio::ssl;
using ErrorCode = boost::system::error_code;

Unexpected<Error> Unusable(const char* key, const std::string& file, const std::string& why) {
  return Fail(std::string(key) + ": " + file + " cannot be used: " + why);
}

Instant InstantOf(const ASN1_TIME* time) {
  tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return Instant::max();
  return Instant(std::chrono::seconds(timegm(&parts)));
}

}  // namespace

Result<Instant> TlsFilesGoodUntil(const std::string& certificate_file,
                                  const std::string& key_file) {
  const auto context = MakeTlsContext(certificate_file, key_file);
  if (!context) return Unexpected<Error>(context.error());
  const X509* const certificate = SSL_CTX_get0_certificate((*context)->native_handle());
  return certificate == nullptr ? Instant::max() : InstantOf(X509_get0_notAfter(certificate));
}

Result<std::unique_ptr<ssl::context>> MakeTlsContext(const std::string& certificate_file,
                                                     const std::string& key_file) {
  auto context = std::make_unique<ssl::context>(ssl::context::tls_server);
  SSL_CTX* const native = context->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  // A client that begins anew again and again would have us do all the work.
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);  // what is idle costs little memory (P9)
  ErrorCode error;
  context->use_certificate_chain_file(certificate_file, error);
  if (error) return Unusable("http.tls_cert", certificate_file, error.message());
  // A key with a passphrase would ask for it on a terminal that nobody sits at.
  context->set_password_callback([](std::size_t, ssl::context::password_purpose) { return ""; },
                                 error);
  if (!error) context->use_private_key_file(key_file, ssl::context::pem, error);
  if (error) return Unusable("http.tls_key", key_file, error.message());
  if (SSL_CTX_check_private_key(native) != 1)
    return Unusable("http.tls_key", key_file, "it does not belong to http.tls_cert");
  return context;
}

}  // namespace deadletter::http
