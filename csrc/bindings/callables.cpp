// keep_python() and make_inflate().
#include "bindings/callables.hpp"

#include <algorithm>
#include <new>
#include <string>
#include <utility>

#include "core/error.hpp"

namespace aestream {
namespace {

/// Damage is what the callable raises; running out of memory and an interrupt stay what they are.
[[noreturn]] void raise_damage(const py::error_already_set& error, const char* what) {
  if (!error.matches(PyExc_Exception) || error.matches(PyExc_MemoryError)) throw;
  throw FormatError(
      0, std::string("expected ") + what + " that can be inflated, found: " + std::string(py::str(error.value())));
}

/// Decompressors allocate their state anew for every packet. Once a large block was freed, glibc keeps memory of such
/// sizes in the process; page faults would otherwise cost a third of the time.
void keep_freed_memory() { ::operator delete(::operator new(std::size_t{1} << 20)); }

}  // namespace

std::shared_ptr<py::object> keep_python(py::object object) {
  return {new py::object(std::move(object)), [](py::object* kept) {
            const py::gil_scoped_acquire acquired;
            delete kept;
          }};
}

Inflate make_inflate(py::object decompress_into, const char* what) {
  if (decompress_into.is_none()) return {};
  keep_freed_memory();
  return [callable = keep_python(std::move(decompress_into)), what](ByteSpan compressed, MutableByteSpan out) {
    const py::gil_scoped_acquire acquired;
    const auto view = [](auto bytes) {
      return py::memoryview::from_memory(bytes.data(), static_cast<py::ssize_t>(bytes.size()));
    };
    try {
      const auto size = py::cast<std::size_t>((*callable)(view(compressed), view(out)));
      return std::min(size, out.size());
    } catch (const py::error_already_set& error) {
      raise_damage(error, what);
    }
  };
}

}  // namespace aestream
