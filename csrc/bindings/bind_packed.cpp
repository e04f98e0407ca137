// Events in 8 bytes, as prepared shards hold them.
#include <optional>

#include "bindings/bindings.hpp"
#include "core/packed_event.hpp"

namespace aestream {
namespace {

using Words = py::array_t<std::uint64_t, py::array::c_style>;

py::object pack_words(const py::buffer& events, std::optional<std::int64_t> from) {
  const py::buffer_info info = events.request();
  const ConstEventSpan all = view_events(info);
  Words words(static_cast<py::ssize_t>(all.size()));
  std::uint64_t* const out = words.mutable_data();
  std::optional<std::int64_t> base;
  {
    const py::gil_scoped_release release;
    base = packed_base(all, from);
    if (base) pack_events(all, *base, out);
  }
  return base ? py::object(py::make_tuple(*base, std::move(words))) : py::none();
}

py::array unpack_words(const Words& words, std::int64_t base) {
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
  module.def("pack_events", &pack_words, py::arg("events"), py::arg("base") = std::nullopt);
  module.def("unpack_events", &unpack_words, py::arg("words"), py::arg("base"));
}

}  // namespace aestream
