// ES recordings: the header's type, and whether y is mirrored, come from Python.
#include <map>

#include "bindings/bindings.hpp"
#include "decode/es.hpp"
#include "recording/recording.hpp"
#include "recording/stream_source.hpp"

namespace aestream {
namespace {

std::unique_ptr<Recording> open_es(std::shared_ptr<MappedFile> file, std::size_t begin, const std::string& type,
                                   std::uint32_t mirrored_height) {
  const std::map<std::string, EsType> types{{"dvs", EsType::Dvs}, {"atis", EsType::Atis}, {"color", EsType::Color}};
  if (!types.contains(type)) throw py::value_error("type must be dvs, atis or color, got " + type);
  if (begin > file->bytes().size()) throw py::value_error("begin lies behind the end of the file");
  if (mirrored_height > 32767) throw py::value_error("mirrored_height must be at most 32767");
  auto decoder = std::make_unique<EsDecoder>(types.at(type), mirrored_height);
  auto source = std::make_unique<StreamSource>(file, std::move(decoder), begin);
  return std::make_unique<Recording>(std::move(file), std::move(source));
}

}  // namespace

void register_es(py::module_& module) {
  module.def("open_es", &open_es, py::arg("file"), py::arg("begin"), py::kw_only(), py::arg("type"),
             py::arg("mirrored_height"));
}

}  // namespace aestream
