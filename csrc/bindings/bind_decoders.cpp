// Decoders without a file: bytes in given chunks to events, for tests that cut where no file would.
#include <algorithm>

#include "bindings/bindings.hpp"
#include "decode/registry.hpp"

namespace aestream {
namespace {

/// Feeds payload in chunks that end at `cuts`, keeping what a decoder leaves, into `out` of `room` events at a time.
std::vector<Event> decode_in_chunks(const Decoder& decoder, ByteSpan payload, std::vector<std::size_t> cuts,
                                    std::size_t room) {
  cuts.push_back(payload.size());
  std::ranges::sort(cuts);
  std::vector<Event> events, out(std::max(room, decoder.max_events_per_word()));
  State state;
  std::size_t done = 0;
  const auto keep = [&](const Progress& progress) {
    done += progress.bytes;
    events.insert(events.end(), out.begin(), out.begin() + static_cast<std::ptrdiff_t>(progress.events));
    return progress.events != 0;
  };
  for (const std::size_t cut : cuts) {
    const std::size_t end = std::min(cut, payload.size());
    if (end < done) continue;
    while (keep(decoder.decode(payload.subspan(done, end - done), state, out))) {
    }
  }
  keep(decoder.finish(payload.subspan(done), state, out));
  return events;
}

}  // namespace

void register_decoders(py::module_& module) {
  module.def(
      "decode",
      [](const std::string& format, const py::buffer& payload, std::vector<std::size_t> cuts, std::size_t room) {
        const py::buffer_info info = payload.request();
        std::vector<Event> events;
        {
          const py::gil_scoped_release released;
          events = decode_in_chunks(*make_decoder(format), view_bytes(info), std::move(cuts), room);
        }
        Buffer buffer(events.size() * sizeof(Event));
        std::ranges::copy(events, buffer.as<Event>());
        return own_events(std::move(buffer), events.size());
      },
      py::arg("format"), py::arg("payload"), py::arg("cuts") = std::vector<std::size_t>{}, py::arg("room") = 64);
}

}  // namespace aestream
