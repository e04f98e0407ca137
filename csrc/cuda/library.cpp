// Of libraries, messages that say which is missing.
#include "cuda/library.hpp"

#include <dlfcn.h>

#include "cuda/error.hpp"

namespace aestream::cuda {

Library::Library(const std::string& path, const std::string& missing)
    : path_(path), handle_(dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) {
  if (handle_ == nullptr) {
    const char* const reason = dlerror();
    throw CudaError(missing + ": " + (reason != nullptr ? reason : path));
  }
}

void* Library::find(const char* name) const {
  void* const address = dlsym(handle_, name);
  if (address == nullptr) throw CudaError(path_ + " is too old: it has no " + name);
  return address;
}

void Library::open_beside(const std::string& name) const {
  const std::size_t slash = path_.rfind('/');
  if (slash != std::string::npos) dlopen((path_.substr(0, slash + 1) + name).c_str(), RTLD_NOW | RTLD_LOCAL);
}

}  // namespace aestream::cuda
