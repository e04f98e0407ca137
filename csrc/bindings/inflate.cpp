// A Python callable as the function that inflates packets.
#include <algorithm>
#include <new>

#include "bindings/aedat4.hpp"
#include "core/error.hpp"

namespace aestream {
namespace {

/// Damage is what the callable raises; running out of memory and an interrupt stay what they are.
[[noreturn]] void raise_damage(const py::error_already_set& error) {
  if (!error.matches(PyExc_Exception) || error.matches(PyExc_MemoryError)) throw;
  throw FormatError(0, "expected a packet that can be inflated, found: " + std::string(py::str(error.value())));
}

/// Decompressors allocate their state anew for every packet. Once a large block was freed, glibc keeps memory of such
/// sizes in the process; page faults would otherwise cost a third of the time.
void keep_freed_memory() { ::operator delete(::operator new(std::size_t{1} << 20)); }

}  // namespace

Inflate make_inflate(const Aedat4Header& header, py::object decompress_into) {
  if ((header.compression == Aedat4Compression::None) != decompress_into.is_none()) {
    throw py::value_error("decompress_into is for compressed files, and needed there");
  }
  if (decompress_into.is_none()) return {};
  keep_freed_memory();
  const std::shared_ptr<py::object> callable(new py::object(std::move(decompress_into)), [](py::object* object) {
    const py::gil_scoped_acquire acquired;
    delete object;
  });
  return [callable](ByteSpan compressed, MutableByteSpan out) {
    const py::gil_scoped_acquire acquired;
    const auto view = [](auto bytes) {
      return py::memoryview::from_memory(bytes.data(), static_cast<py::ssize_t>(bytes.size()));
    };
    try {
      const auto size = py::cast<std::size_t>((*callable)(view(compressed), view(out)));
      return std::min(size, out.size());
    } catch (const py::error_already_set& error) {
      raise_damage(error);
    }
  };
}

Aedat4Layout make_layout(const MappedFile& file, const Aedat4Header& header, std::vector<std::int32_t> streams) {
  if (header.packets > file.bytes().size()) throw py::value_error("packets lies behind the end of the file");
  return {header.packets, header.table_position, std::move(streams)};
}

}  // namespace aestream
