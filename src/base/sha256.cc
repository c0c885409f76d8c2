#include "base/sha256.h"

#include <openssl/evp.h>

#include <cstdlib>

namespace deadletter {

struct Sha256::Context {
  EVP_MD_CTX* evp = EVP_MD_CTX_new();
  ~Context() { EVP_MD_CTX_free(evp); }
};

namespace {

void Require(bool ok) {
  if (!ok) std::abort();  // out of memory or a broken libcrypto: no identity can be trusted
}

// Looked up once: libcrypto would ask all its providers for it with each digest.
const EVP_MD* Algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  Require(algorithm != nullptr);
  return algorithm;
}

}  // namespace

Sha256::Sha256() : context_(std::make_unique<Context>()) {
  Require(EVP_DigestInit_ex2(context_->evp, Algorithm(), nullptr) == 1);
}

Sha256::~Sha256() = default;

void Sha256::AddPart(std::string_view bytes) {
  AddNumber(static_cast<std::int64_t>(bytes.size()));
  Require(EVP_DigestUpdate(context_->evp, bytes.data(), bytes.size()) == 1);
}

void Sha256::AddNumber(std::int64_t number) {
  std::array<std::uint8_t, 8> big_endian;
  for (size_t index = 0; index < big_endian.size(); ++index) {
    big_endian[index] =
        static_cast<std::uint8_t>(static_cast<std::uint64_t>(number) >> (56 - 8 * index));
  }
  Require(EVP_DigestUpdate(context_->evp, big_endian.data(), big_endian.size()) == 1);
}

Sha256::Digest Sha256::Finish() {
  Digest digest;
  unsigned int size = 0;
  Require(EVP_DigestFinal_ex(context_->evp, digest.data(), &size) == 1);
  return digest;
}

}  // namespace deadletter
