// Tensors as prepared shards hold them.
#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>

#include "bindings/bindings.hpp"
#include "core/stored_tensor.hpp"

namespace aestream {
namespace {

using Bytes = py::array_t<std::uint8_t, py::array::c_style>;

struct Packed {
  std::size_t count;
  Buffer bytes;
};

std::optional<Packed> pack_sparse(ByteSpan tensor, std::size_t cell_bytes) {
  const auto places = places_not_zero(tensor, cell_bytes);
  if (!places) return std::nullopt;
  Packed packed{places->size(), Buffer(places->size() * sparse_bytes(cell_bytes))};
  store_sparse(tensor, cell_bytes, *places, packed.bytes.data());
  return packed;
}

py::object pack_tensor(const Bytes& tensor, std::size_t cell_bytes) {
  const ByteSpan bytes{tensor.data(), static_cast<std::size_t>(tensor.size())};
  if (cell_bytes == 0 || bytes.size() % cell_bytes != 0) throw py::value_error("a tensor is whole numbers");
  std::optional<Packed> packed;
  {
    const py::gil_scoped_release release;
    packed = pack_sparse(bytes, cell_bytes);
  }
  if (!packed) return py::none();
  const auto size = static_cast<py::ssize_t>(packed->count * sparse_bytes(cell_bytes));
  return py::make_tuple(packed->count, own_array<std::uint8_t>(std::move(packed->bytes), {size}));
}

/// The columns of a shard, whatever a damaged one says: nothing is read outside of them.
struct Items {
  ByteSpan data, offsets, kinds, counts;

  /// Writes the item at a place to `tensor`; false if there is no such tensor.
  bool read(std::size_t place, std::size_t cell_bytes, MutableByteSpan tensor) const {
    if (place >= kinds.size() || place >= counts.size() / 8 || place + 1 >= offsets.size() / 8) return false;
    const std::uint64_t begin = load_le64(&offsets[place * 8]), end = load_le64(&offsets[place * 8 + 8]);
    if (begin > end || end > data.size()) return false;
    const ByteSpan item = data.subspan(begin, end - begin);
    const auto kind = TensorKind{kinds[place]};
    if (kind == TensorKind::Sparse) return restore_sparse(item, load_le64(&counts[place * 8]), cell_bytes, tensor);
    if (kind != TensorKind::Dense || item.size() < tensor.size()) return false;
    std::copy_n(item.begin(), tensor.size(), tensor.begin());
    return true;
  }
};

void unpack_tensors(const py::buffer& data, const py::buffer& offsets, const py::buffer& kinds,
                    const py::buffer& counts, const std::vector<std::size_t>& places, std::size_t cell_bytes,
                    py::array_t<std::uint8_t>& out) {
  const py::buffer_info columns[] = {data.request(), offsets.request(), kinds.request(), counts.request()};
  const Items items{view_bytes(columns[0]), view_bytes(columns[1]), view_bytes(columns[2]), view_bytes(columns[3])};
  const bool is_contiguous = (out.flags() & py::array::c_style) != 0;
  if (out.ndim() != 2 || !is_contiguous || static_cast<std::size_t>(out.shape(0)) != places.size()) {
    throw py::value_error("expected a contiguous row of bytes for each place");
  }
  const auto row_bytes = static_cast<std::size_t>(out.shape(1));
  std::uint8_t* row = out.mutable_data();
  const py::gil_scoped_release release;
  for (const std::size_t place : places) {
    if (!items.read(place, cell_bytes, {row, row_bytes})) {
      throw std::invalid_argument("item " + std::to_string(place) + " is no tensor of this shape");
    }
    row += row_bytes;
  }
}

}  // namespace

void register_stored_tensors(py::module_& module) {
  module.def("pack_tensor", &pack_tensor, py::arg("tensor"), py::arg("cell_bytes"));
  module.def("unpack_tensors", &unpack_tensors, py::arg("data"), py::arg("offsets"), py::arg("kinds"),
             py::arg("counts"), py::arg("places"), py::arg("cell_bytes"), py::arg("out").noconvert());
}

}  // namespace aestream
