// C++ errors as Python's: FormatError keeps its offset, a file that cannot be opened raises the OSError of its errno.
#include <cerrno>
#include <system_error>

#include "bindings/bindings.hpp"
#include "core/error.hpp"
#include "recording/source.hpp"

namespace aestream {
namespace {

/// A message for people: bytes that are no UTF-8 are spelt out.
py::str printable(const std::string& message) {
  PyObject* const text =
      PyUnicode_DecodeUTF8(message.data(), static_cast<py::ssize_t>(message.size()), "backslashreplace");
  if (text == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::str>(text);
}

void raise_format_error(const FormatError& error) {
  const py::object type = py::module_::import("aestream.errors").attr("FormatError");
  const py::object offset = error.offset() == no_offset ? py::none() : py::object(py::int_(error.offset()));
  PyErr_SetObject(type.ptr(), type(printable(error.what()), offset).ptr());
}

void raise_os_error(const std::system_error& error) {
  const py::object type = py::module_::import("builtins").attr("OSError");
  const std::string text = error.what();  // "path: message"
  const std::string path = text.substr(0, text.rfind(": "));
  const py::object value = type(error.code().value(), error.code().message(), foreign_text(path));
  PyErr_SetObject(py::type::of(value).ptr(), value.ptr());
}

void raise_file_changed(const FileChanged& error) {
  const py::object type = py::module_::import("builtins").attr("OSError");
  PyErr_SetObject(type.ptr(), type(ESTALE, error.what(), foreign_text(error.path())).ptr());
}

}  // namespace

void register_errors(py::module_&) {
  py::register_exception_translator([](std::exception_ptr thrown) {
    try {
      if (thrown) std::rethrow_exception(thrown);
    } catch (const FormatError& error) {
      raise_format_error(error);
    } catch (const FileChanged& error) {
      raise_file_changed(error);
    } catch (const IndexMismatch& error) {
      PyErr_SetObject(PyExc_ValueError, printable(error.what()).ptr());
    } catch (const std::system_error& error) {
      raise_os_error(error);
    }
  });
}

}  // namespace aestream
