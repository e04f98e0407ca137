// When a file was written, on systems that call it differently.
#pragma once

#include <sys/stat.h>

#include <cstdint>

namespace aestream {

inline std::int64_t modified_ns(const struct stat& status) {
#if defined(__APPLE__)
  const timespec& time = status.st_mtimespec;
#else
  const timespec& time = status.st_mtim;
#endif
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace aestream
