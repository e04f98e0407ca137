// The sources of the kernels, csrc/accumulate/cuda/*.cuh, as embed.cmake puts them into the library.
#pragma once

#include <cstddef>

namespace aestream::cuda {

/// In the order of their names, which are as they include one another.
extern const char* const kernel_names[];
extern const char* const kernel_texts[];
extern const std::size_t kernel_sources;

}  // namespace aestream::cuda
