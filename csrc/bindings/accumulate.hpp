// Arguments and results that are the same wherever events become tensors.
#pragma once

#include <optional>

#include "accumulate/representation.hpp"
#include "bindings/bindings.hpp"
#include "recording/window.hpp"

namespace aestream {

using WindowArray = py::array_t<std::int64_t, py::array::c_style | py::array::forcecast>;

/// Of an array [n, 2] of starts and stops.
std::vector<Window> to_windows(const WindowArray& windows, bool by_time);

/// Throws ValueError unless both lie in [1, 32767], where coordinates are.
Geometry to_geometry(std::int64_t width, std::int64_t height);

/// Uninitialised memory of `count` tensors; MemoryError where no machine has so much.
Buffer allocate_tensors(const Representation& representation, Geometry geometry, std::size_t count);

/// The array [count, ...] over the memory, or [...] for one tensor alone, ... the axes of one tensor. NumPy has no
/// bfloat16, which goes out as uint16.
py::array own_tensors(Buffer&& memory, const Representation& representation, Geometry geometry,
                      std::optional<std::size_t> count);

}  // namespace aestream
