// Mapped files, what their first bytes say, and the pool of result memory.
#include "bindings/bindings.hpp"
#include "core/mapped_file.hpp"
#include "core/parallel.hpp"
#include "decode/bin40.hpp"
#include "decode/es.hpp"
#include "decode/evt21.hpp"
#include "decode/header.hpp"
#include "decode/registry.hpp"

namespace aestream {
namespace {

py::dict to_dict(const StreamHeader& header) {
  py::dict result;
  result["format"] = header.format;
  py::dict fields;
  for (const auto& [key, value] : header.fields) fields[foreign_text(key)] = foreign_text(value);
  result["fields"] = fields;
  result["payload"] = header.payload;
  result["width"] = header.width;
  result["height"] = header.height;
  result["variant"] = header.variant;
  result["event_type"] = header.event_type;
  return result;
}

}  // namespace

void register_files(py::module_& module) {
  py::classh<MappedFile>(module, "MappedFile", py::buffer_protocol())
      .def(py::init([](const py::object& path) {
             const std::string bytes = path_bytes(path);
             const py::gil_scoped_release released;
             return std::make_shared<MappedFile>(bytes);
           }),
           py::arg("path"))
      .def("check", &MappedFile::check, py::call_guard<py::gil_scoped_release>())
      .def("forget", &MappedFile::forget, py::arg("first"), py::arg("last"))
      .def_property_readonly("is_large", &MappedFile::is_large)
      .def_property_readonly("identity",
                             [](const MappedFile& file) {
                               const FileIdentity& id = file.identity();
                               return std::tuple{id.device, id.inode, id.size, id.modified_ns, id.sample};
                             })
      .def("__len__", [](const MappedFile& file) { return file.bytes().size(); })
      .def_buffer([](MappedFile& file) {
        return py::buffer_info(const_cast<std::uint8_t*>(file.bytes().data()), 1, "B",
                               static_cast<py::ssize_t>(file.bytes().size()), true);
      });
  module.def("guard_maps", &MapGuard::install);
  module.def("detect_format", [](const MappedFile& file) { return detect_format(file.bytes()); }, py::arg("file"));
  module.def(
      "read_raw_header", [](const MappedFile& file) { return to_dict(read_raw_header(file.bytes())); },
      py::arg("file"));
  module.def(
      "read_dat_header", [](const MappedFile& file) { return to_dict(read_dat_header(file.bytes())); },
      py::arg("file"));
  module.def(
      "read_es_header", [](const MappedFile& file) { return to_dict(read_es_header(file.bytes())); }, py::arg("file"));
  module.def(
      "looks_like_bin40", [](const MappedFile& file) { return looks_like_bin40(file.bytes()); }, py::arg("file"));
  module.def(
      "sniff_evt21_order",
      [](const MappedFile& file, std::size_t begin) {
        const ByteSpan bytes = file.bytes();
        return sniff_evt21_order(bytes.subspan(std::min(begin, bytes.size()))) == Evt21Order::Legacy ? "legacy"
                                                                                                     : "little";
      },
      py::arg("file"), py::arg("begin"));
  module.def("default_threads", &default_threads);
  module.def("empty_pool", &empty_pool);
  module.def("pooled_bytes", &pooled_bytes);
}

}  // namespace aestream
