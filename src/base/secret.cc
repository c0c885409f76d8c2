#include "base/secret.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cstdlib>

#include "base/text.h"

namespace deadletter {

std::string RandomText(std::size_t bytes) {
  std::string random(bytes, '\0');
  // There is nothing to fall back to: a secret that can be guessed is none.
  if (RAND_bytes(reinterpret_cast<unsigned char*>(random.data()), static_cast<int>(bytes)) != 1)
    std::abort();
  std::string text = Base64(random);
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  text.erase(std::min(text.find('='), text.size()));
  return text;
}

SecretDigest DigestOfSecret(std::string_view bytes) {
  SecretDigest digest{};
  unsigned int size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1)
    std::abort();  // out of memory or a broken libcrypto: nobody can be told from anybody
  return digest;
}

bool EqualInConstantTime(const SecretDigest& one, const SecretDigest& other) {
  return CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

}  // namespace deadletter
