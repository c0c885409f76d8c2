// Other certificate authorities than the system's, for one program while it runs (LD_PRELOAD): what
// it looks for below /etc/ssl/certs is looked for in the folder that OTHER_AUTHORITIES names.
#include <dlfcn.h>
#include <limits.h>
#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

constexpr char kSystems[] = "/etc/ssl/certs";

template <class Function>
Function* Real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

struct Path {
  explicit Path(const char* path) {
    const char* const folder = std::getenv("OTHER_AUTHORITIES");
    const bool is_systems =
        folder != nullptr && std::strncmp(path, kSystems, sizeof kSystems - 1) == 0;
    std::snprintf(text, sizeof text, "%s%s", is_systems ? folder : "",
                  is_systems ? path + sizeof kSystems - 1 : path);
  }
  char text[PATH_MAX];
};

}  // namespace

extern "C" {

FILE* fopen(const char* path, const char* mode) {
  static auto* const real = Real<FILE*(const char*, const char*)>("fopen");
  return real(Path(path).text, mode);
}

FILE* fopen64(const char* path, const char* mode) {
  static auto* const real = Real<FILE*(const char*, const char*)>("fopen64");
  return real(Path(path).text, mode);
}

int stat(const char* path, struct stat* found) noexcept {
  static auto* const real = Real<int(const char*, struct stat*)>("stat");
  return real(Path(path).text, found);
}

int stat64(const char* path, struct stat64* found) noexcept {
  static auto* const real = Real<int(const char*, struct stat64*)>("stat64");
  return real(Path(path).text, found);
}
}
