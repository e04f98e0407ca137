// A shared library opened at run time. It stays open: CUDA's do not survive being closed.
#pragma once

#include <string>

namespace aestream::cuda {

class Library {
 public:
  /// `path` as dlopen wants it. Throws CudaError, which begins with `missing`, where it cannot be opened.
  Library(const std::string& path, const std::string& missing);

  /// The address of a function. Throws CudaError where there is none: the library is older than it.
  void* find(const char* name) const;

  /// Opens another library of the same folder, if there is one.
  void open_beside(const std::string& name) const;

 private:
  std::string path_;
  void* handle_;
};

}  // namespace aestream::cuda
