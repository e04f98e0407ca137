// AEDAT 1, 2 and 3.1: their headers come from Python, which says what camera the addresses are of.
#include <optional>

#include "bindings/bindings.hpp"
#include "decode/aedat12.hpp"
#include "recording/aedat3_source.hpp"
#include "recording/recording.hpp"
#include "recording/stream_source.hpp"

namespace aestream {
namespace {

void check_begin(const MappedFile& file, std::size_t begin) {
  if (begin > file.bytes().size()) throw py::value_error("begin lies behind the end of the file");
}

std::unique_ptr<Recording> open_aedat12(std::shared_ptr<MappedFile> file, std::size_t begin, int version, bool davis,
                                        std::uint16_t width, std::uint16_t height, bool mirror_x, bool mirror_y) {
  check_begin(*file, begin);
  if (version != 2 && (version != 1 || davis)) throw py::value_error("version is 1, with the map of DVS128 only, or 2");
  const AddressMap map = davis ? AddressMap::Davis : AddressMap::Dvs128;
  auto decoder = std::make_unique<Aedat12Decoder>(Aedat12Layout{version, map, width, height, mirror_x, mirror_y});
  auto source = std::make_unique<StreamSource>(file, std::move(decoder), begin);
  return std::make_unique<Recording>(std::move(file), std::move(source));
}

std::unique_ptr<Recording> open_aedat3(std::shared_ptr<MappedFile> file, std::size_t begin,
                                       std::optional<std::uint16_t> camera) {
  check_begin(*file, begin);
  auto source = std::make_unique<Aedat3Source>(file, begin, camera);
  return std::make_unique<Recording>(std::move(file), std::move(source));
}

}  // namespace

void register_jaer(py::module_& module) {
  module.def("open_aedat12", &open_aedat12, py::arg("file"), py::arg("begin"), py::kw_only(), py::arg("version"),
             py::arg("davis"), py::arg("width"), py::arg("height"), py::arg("mirror_x"), py::arg("mirror_y"));
  module.def("open_aedat3", &open_aedat3, py::arg("file"), py::arg("begin"), py::arg("camera"));
}

}  // namespace aestream
