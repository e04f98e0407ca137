// ECF blocks to events and back.
#include <algorithm>

#include "bindings/bindings.hpp"
#include "decode/ecf.hpp"
#include "encode/ecf.hpp"

namespace aestream {
namespace {

py::array decode_block(const py::buffer& block, std::size_t most) {
  const py::buffer_info info = block.request();
  const ByteSpan bytes = view_bytes(info);
  Buffer events(std::min(ecf_count(bytes), most) * sizeof(Event));
  std::size_t count;
  {
    const py::gil_scoped_release released;
    count = decode_ecf(bytes, {events.as<Event>(), events.size() / sizeof(Event)});
  }
  return own_events(std::move(events), count);
}

py::bytes encode_block(const py::buffer& events) {
  const py::buffer_info info = events.request();
  const ConstEventSpan span = view_events(info);
  Bytes block;
  {
    const py::gil_scoped_release released;
    block = encode_ecf(span);
  }
  return {reinterpret_cast<const char*>(block.data()), block.size()};
}

}  // namespace

void register_ecf(py::module_& module) {
  module.def("decode_ecf", &decode_block, py::arg("block"), py::arg("most"));
  module.def("encode_ecf", &encode_block, py::arg("events"));
}

}  // namespace aestream
