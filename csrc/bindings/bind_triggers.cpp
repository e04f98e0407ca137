// Triggers of RAW and DAT files.
#include "decode/triggers.hpp"

#include "bindings/records.hpp"
#include "core/mapped_file.hpp"

namespace aestream {
namespace {

py::array read_file_triggers(const MappedFile& file, const std::string& format, std::size_t begin) {
  if (begin > file.bytes().size()) throw py::value_error("begin lies behind the end of the file");
  std::vector<Trigger> triggers;
  {
    const py::gil_scoped_release released;
    triggers = file.guarded([&] { return read_triggers(format, file.bytes().subspan(begin)); });
  }
  return own_records(triggers, "TRIGGER_DTYPE");
}

}  // namespace

void register_triggers(py::module_& module) {
  module.def("read_triggers", &read_file_triggers, py::arg("file"), py::arg("format"), py::arg("begin"));
}

}  // namespace aestream
