// The default number of threads: the cores of this process's affinity mask, since containers often have fewer than the machine.
#include "core/parallel.hpp"

#if defined(__linux__)
#include <sched.h>
#endif

namespace aestream {

std::size_t default_threads() noexcept {
  std::size_t cores = std::max(1u, std::thread::hardware_concurrency());
#if defined(__linux__)
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) {
    cores = static_cast<std::size_t>(std::max(1, CPU_COUNT(&allowed)));
  }
#endif
  return std::min<std::size_t>(cores, 16);
}

}  // namespace aestream
