// NVIDIA's driver API, as much of it as launching kernels takes, from libcuda as it is opened at run time. The types are
// those of cuda.h, whose binary interface does not change; nothing includes or links CUDA.
#pragma once

#include <cstddef>
#include <string>

#include "cuda/library.hpp"

namespace aestream::cuda {

using ContextHandle = struct OpaqueContext*;
using ModuleHandle = struct OpaqueModule*;
using FunctionHandle = struct OpaqueFunction*;
using StreamHandle = struct OpaqueStream*;
using DevicePointer = unsigned long long;

/// CUresult, where a code means something to us.
enum Status : int {
  out_of_memory = 2,
  not_initialized = 3,
  stub_library = 34,
  device_unavailable = 46,
  no_device = 100,
  invalid_device = 101,
  invalid_image = 200,
  no_binary_for_gpu = 209,
  invalid_ptx = 218,
  unsupported_ptx_version = 222,
  jit_compilation_disabled = 223,
  invalid_handle = 400,
  not_found = 500,
  illegal_address = 700,
  launch_out_of_resources = 701,
  launch_timeout = 702,
  illegal_instruction = 715,
  launch_failed = 719,
  system_not_ready = 802,
  system_driver_mismatch = 803,
  compat_not_supported_on_device = 804,
};

/// CUdevice_attribute and CUfunction_attribute.
enum Attribute : int {
  multiprocessor_count = 16,
  capability_major = 75,
  capability_minor = 76,
  max_shared_memory_per_block_optin = 97,
  max_dynamic_shared_size_bytes = 8,  // of a function
};

class Driver {
 public:
  /// Opens the library, checks that it has what is needed, and initialises CUDA in this process.
  explicit Driver(const std::string& path);
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  /// A function that throws what it returns, unless that is success.
  template <class... Arguments>
  class Function {
   public:
    Function(const Driver& driver, const char* name)
        : driver_(driver), name_(name), function_(reinterpret_cast<Pointer>(driver.library_.find(name))) {}

    void operator()(Arguments... arguments) const {
      const int status = function_(arguments...);
      if (status != 0) driver_.fail(name_, status);
    }

    /// For destructors: whatever it returns.
    void quietly(Arguments... arguments) const noexcept { static_cast<void>(function_(arguments...)); }

   private:
    using Pointer = int (*)(Arguments...);
    const Driver& driver_;
    const char* name_;
    Pointer function_;
  };

 private:
  Library library_;
  int (*error_name_)(int, const char**);
  int (*error_text_)(int, const char**);

 public:
  const Function<unsigned> init{*this, "cuInit"};
  const Function<int*> driver_version{*this, "cuDriverGetVersion"};
  const Function<int*> device_count{*this, "cuDeviceGetCount"};
  const Function<int*, int> device_get{*this, "cuDeviceGet"};
  const Function<char*, int, int> device_name{*this, "cuDeviceGetName"};
  const Function<int*, int, int> device_attribute{*this, "cuDeviceGetAttribute"};
  const Function<ContextHandle*, int> context_retain{*this, "cuDevicePrimaryCtxRetain"};
  const Function<int> context_release{*this, "cuDevicePrimaryCtxRelease_v2"};
  const Function<ContextHandle> context_push{*this, "cuCtxPushCurrent_v2"};
  const Function<ContextHandle*> context_pop{*this, "cuCtxPopCurrent_v2"};
  const Function<ModuleHandle*, const void*> module_load{*this, "cuModuleLoadData"};
  const Function<ModuleHandle> module_unload{*this, "cuModuleUnload"};
  const Function<FunctionHandle*, ModuleHandle, const char*> module_function{*this, "cuModuleGetFunction"};
  const Function<FunctionHandle, int, int> function_attribute{*this, "cuFuncSetAttribute"};
  const Function<FunctionHandle, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, StreamHandle,
                 void**, void**>
      launch{*this, "cuLaunchKernel"};
  const Function<DevicePointer, unsigned, std::size_t, StreamHandle> fill{*this, "cuMemsetD32Async"};

  /// The CUDA that the driver is made for, such as "13.0".
  std::string version() const;

  /// Devices that the process may see; at least one.
  int devices() const noexcept { return devices_; }

 private:
  [[noreturn]] void fail(const char* function, int status) const;

  int version_ = 0;
  int devices_ = 0;
};

}  // namespace aestream::cuda
