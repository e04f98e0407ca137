// What every bind_*.cpp shares: one register function per concept, and arrays that own pooled memory.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <memory>
#include <vector>

#include "bindings/gil.hpp"
#include "core/buffer_pool.hpp"
#include "core/bytes.hpp"
#include "core/event.hpp"

namespace aestream {

void register_errors(py::module_& module);
void register_files(py::module_& module);
void register_decoders(py::module_& module);
void register_recording(py::module_& module);
void register_gathered(py::module_& module);
void register_aedat4(py::module_& module);
void register_aedat4_side(py::module_& module);
void register_tables(py::module_& module);
void register_hdf5(py::module_& module);
void register_csv(py::module_& module);
void register_jaer(py::module_& module);
void register_es(py::module_& module);
void register_triggers(py::module_& module);
void register_ros(py::module_& module);
void register_ecf(py::module_& module);
void register_stream(py::module_& module);
void register_udp(py::module_& module);
void register_representations(py::module_& module);
void register_accumulate(py::module_& module);
void register_encoders(py::module_& module);
void register_filter(py::module_& module);
void register_packed(py::module_& module);
void register_zstd(py::module_& module);
void register_stored_tensors(py::module_& module);
void register_cuda_driver(py::module_& module);
void register_cuda_accumulate(py::module_& module);

/// An array over `buffer`; the memory returns to the pool when the array and its views are gone.
template <class T>
py::array_t<T> own_array(Buffer&& buffer, std::vector<py::ssize_t> shape) {
  auto owner = std::make_unique<Buffer>(std::move(buffer));
  T* data = owner->as<T>();
  const py::capsule capsule(owner.release(), [](void* memory) { delete static_cast<Buffer*>(memory); });
  return py::array_t<T>(std::move(shape), data, capsule);
}

/// Events as a structured array of aestream.EVENT_DTYPE.
inline py::array own_events(Buffer&& buffer, std::size_t count) {
  auto owner = std::make_unique<Buffer>(std::move(buffer));
  const Event* data = owner->as<Event>();
  const py::capsule capsule(owner.release(), [](void* memory) { delete static_cast<Buffer*>(memory); });
  const py::dtype dtype = py::module_::import("aestream.events").attr("EVENT_DTYPE");
  return py::array(dtype, {static_cast<py::ssize_t>(count)}, {static_cast<py::ssize_t>(sizeof(Event))}, data, capsule);
}

/// Foreign bytes as str: what is no UTF-8 is kept as Python keeps it in paths ("surrogateescape").
inline py::str foreign_text(const std::string& bytes) {
  PyObject* const text = PyUnicode_DecodeUTF8(bytes.data(), static_cast<py::ssize_t>(bytes.size()), "surrogateescape");
  if (text == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::str>(text);
}

/// A path as the file system spells it, from anything that os.fspath() takes.
inline std::string path_bytes(const py::object& path) {
  PyObject* encoded = nullptr;
  if (PyUnicode_FSConverter(path.ptr(), &encoded) == 0) throw py::error_already_set();
  return py::reinterpret_steal<py::bytes>(encoded);
}

inline ByteSpan view_bytes(const py::buffer_info& info) {
  return {static_cast<const std::uint8_t*>(info.ptr), static_cast<std::size_t>(info.size * info.itemsize)};
}

/// The events in a contiguous buffer of 16-byte records or of their bytes.
inline ConstEventSpan view_events(const py::buffer_info& info) {
  const bool is_events = info.itemsize == static_cast<py::ssize_t>(sizeof(Event)) || info.itemsize == 1;
  if (info.ndim != 1 || !is_events || (info.size > 1 && info.strides[0] != info.itemsize)) {
    throw py::value_error("events must be a contiguous array of EVENT_DTYPE, or its bytes");
  }
  const ByteSpan bytes = view_bytes(info);
  if (bytes.size() % sizeof(Event) != 0 || reinterpret_cast<std::uintptr_t>(bytes.data()) % alignof(Event) != 0) {
    throw py::value_error("events must be whole and aligned to 8 bytes");
  }
  return {reinterpret_cast<const Event*>(bytes.data()), bytes.size() / sizeof(Event)};
}

}  // namespace aestream
