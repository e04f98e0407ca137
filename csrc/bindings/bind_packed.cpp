// Events in 8 bytes, as prepared shards hold them.
#include <optional>

#include "bindings/bindings.hpp"
#include "core/packed_event.hpp"

namespace aestream {
namespace {

py::object pack(const py::buffer& events) {
  const py::buffer_info info = events.request();
  const ConstEventSpan all = view_events(info);
  std::optional<std::int64_t> base;
  std::vector<std::uint64_t> words(all.size());
  {
    const py::gil_scoped_release release;
    base = packed_base(all);
    if (base) pack_events(all, *base, words.data());
  }
  if (!base) return py::none();
  return py::make_tuple(*base, py::array_t<std::uint64_t>(static_cast<py::ssize_t>(words.size()), words.data()));
}

py::array unpack(const py::array_t<std::uint64_t, py::array::c_style>& words, std::int64_t base) {
  const std::span<const std::uint64_t> all{words.data(), static_cast<std::size_t>(words.size())};
  Buffer memory;
  {
    const py::gil_scoped_release release;
    memory = Buffer(all.size() * sizeof(Event));
    unpack_events(all, base, memory.as<Event>());
  }
  return own_events(std::move(memory), all.size());
}

}  // namespace

void register_packed(py::module_& module) {
  module.def("pack_events", &pack, py::arg("events"));
  module.def("unpack_events", &unpack, py::arg("words"), py::arg("base"));
}

}  // namespace aestream
