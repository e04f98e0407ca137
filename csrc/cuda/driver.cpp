// Opening libcuda, and what its codes mean to people.
#include "cuda/driver.hpp"

#include "cuda/error.hpp"

namespace aestream::cuda {
namespace {

/// What a code means here and what to do about it; nothing where the driver's own words say all there is.
const char* advice(int status) {
  switch (status) {
    case not_initialized:
      return "CUDA was used before this process was forked; start workers with multiprocessing's \"spawn\"";
    case stub_library: return "this libcuda is a stub to link with; install NVIDIA's driver";
    case device_unavailable: return "another process has the GPU to itself, or it is being reset";
    case no_device: return "there is no NVIDIA GPU, or CUDA_VISIBLE_DEVICES hides it";
    case invalid_device: return "there is no GPU of this number; CUDA_VISIBLE_DEVICES may hide it";
    case invalid_image:
    case no_binary_for_gpu:
    case invalid_ptx:
    case unsupported_ptx_version:
      return "the driver is too old for the kernels, or they are for another GPU; update it";
    case jit_compilation_disabled: return "CUDA_DISABLE_PTX_JIT forbids what the kernels for this GPU need";
    case invalid_handle: return "the stream is of another device, or the device was reset";
    case not_found: return "the kernels are of another version of aestream; install it again";
    case launch_out_of_resources: return "the kernel needs more registers or shared memory than the GPU has";
    case illegal_address:
    case illegal_instruction:
    case launch_failed:
      return "a kernel, perhaps an earlier one of another library, has failed; the process has to start anew";
    case launch_timeout: return "the system ends kernels that take long on a GPU with a display";
    case system_not_ready: return "the GPU's services do not run, such as nvidia-fabricmanager";
    case system_driver_mismatch:
      return "libcuda and the kernel's module are of different versions; restart the machine";
    case compat_not_supported_on_device:
      return "CUDA's compatibility package is for data centre GPUs; update the driver";
    default: return "";
  }
}

template <class Pointer>
Pointer function(const Library& library, const char* name) {
  return reinterpret_cast<Pointer>(library.find(name));
}

}  // namespace

Driver::Driver(const std::string& path)
    : library_(path, "there is no NVIDIA driver"),
      error_name_(function<decltype(error_name_)>(library_, "cuGetErrorName")),
      error_text_(function<decltype(error_text_)>(library_, "cuGetErrorString")) {
  init(0);
  driver_version(&version_);
  device_count(&devices_);
  if (devices_ == 0) fail("cuDeviceGetCount", no_device);
}

std::string Driver::version() const {
  return std::to_string(version_ / 1000) + "." + std::to_string(version_ % 1000 / 10);
}

void Driver::fail(const char* function, int status) const {
  const char* name = nullptr;
  const char* text = nullptr;
  std::string message = std::string(function) + ": ";
  if (error_name_(status, &name) != 0 || name == nullptr) name = "CUDA error";
  message += std::string(name) + " (" + std::to_string(status);
  if (error_text_(status, &text) == 0 && text != nullptr) message += std::string(", ") + text;
  message += ")";
  if (*advice(status) != '\0') message += std::string(": ") + advice(status);
  if (version_ != 0) message += "; driver of CUDA " + version();
  if (status == out_of_memory) throw DeviceMemoryError(message);
  throw CudaError(message, status);
}

}  // namespace aestream::cuda
