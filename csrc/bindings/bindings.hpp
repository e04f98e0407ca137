// What every bind_*.cpp shares: one register function per concept, and arrays that own pooled memory.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <memory>
#include <vector>

#include "core/buffer_pool.hpp"
#include "core/bytes.hpp"
#include "core/event.hpp"

namespace aestream {

namespace py = pybind11;

void register_errors(py::module_& module);
void register_files(py::module_& module);
void register_decoders(py::module_& module);
void register_recording(py::module_& module);
void register_accumulate(py::module_& module);

/// An array over `buffer`; the memory returns to the pool when the array and its views are gone.
template <class T>
py::array_t<T> own_array(Buffer&& buffer, std::vector<py::ssize_t> shape) {
  auto owner = std::make_unique<Buffer>(std::move(buffer));
  T* data = owner->as<T>();
  const py::capsule capsule(owner.release(), [](void* memory) { delete static_cast<Buffer*>(memory); });
  return py::array_t<T>(std::move(shape), data, capsule);
}

/// Events as bytes [n * 16]; Python views them as EVENT_DTYPE.
inline py::array_t<std::uint8_t> own_events(Buffer&& buffer, std::size_t count) {
  return own_array<std::uint8_t>(std::move(buffer), {static_cast<py::ssize_t>(count * sizeof(Event))});
}

inline ByteSpan view_bytes(const py::buffer_info& info) {
  return {static_cast<const std::uint8_t*>(info.ptr), static_cast<std::size_t>(info.size * info.itemsize)};
}

}  // namespace aestream
