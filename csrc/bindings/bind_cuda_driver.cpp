// Opening libcuda, loading the kernels of a device, and the compiler by itself.
#include "bindings/bindings.hpp"
#include "cuda/driver_device.hpp"
#include "cuda/nvrtc.hpp"

namespace aestream {
namespace {

using Path = std::optional<std::string>;

void open(const Path& libcuda, const Path& nvrtc, const Path& cache, const Path& fatbin) {
  cuda::open_driver(libcuda.value_or("libcuda.so.1"),
                    {.fatbin = fatbin.value_or(""), .cache = cache.value_or(""), .nvrtc = nvrtc.value_or("")});
}

py::dict info(int device) {
  cuda::DeviceInfo found;
  {
    const py::gil_scoped_release release;
    found = cuda::device_info(device);
  }
  py::dict info;
  info["name"] = foreign_text(found.name);
  info["capability"] = py::make_tuple(found.capability / 10, found.capability % 10);
  info["driver"] = found.driver;
  info["kernels"] = found.kernels;
  return info;
}

std::vector<int> architectures(const std::string& nvrtc) { return cuda::Nvrtc(nvrtc).architectures(); }

py::tuple compile(const std::string& nvrtc, int architecture, bool ptx, const std::vector<std::string>& options) {
  cuda::Compiled compiled;
  {
    const py::gil_scoped_release release;
    compiled = cuda::Nvrtc(nvrtc).compile({architecture, ptx}, options);
  }
  return py::make_tuple(py::bytes(reinterpret_cast<const char*>(compiled.image.data()), compiled.image.size()),
                        foreign_text(compiled.log));
}

}  // namespace

void register_cuda_driver(py::module_& module) {
  module.def("cuda_open", &open, py::arg("libcuda"), py::arg("nvrtc"), py::arg("cache"), py::arg("fatbin"),
             py::call_guard<py::gil_scoped_release>());
  module.def("cuda_close", &cuda::close_driver, py::call_guard<py::gil_scoped_release>());
  module.def("cuda_check", &cuda::check_driver, py::call_guard<py::gil_scoped_release>());
  module.def("cuda_info", &info, py::arg("device"));
  module.def("cuda_architectures", &architectures, py::arg("nvrtc"));
  module.def("cuda_compile", &compile, py::arg("nvrtc"), py::arg("architecture"), py::arg("ptx") = false,
             py::arg("options") = std::vector<std::string>());
}

}  // namespace aestream
