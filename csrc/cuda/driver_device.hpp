// The process's way to CUDA: opened once, kernels loaded once per device, streams of torch as devices to launch on.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "cuda/device.hpp"
#include "cuda/kernels.hpp"

namespace aestream::cuda {

/// Opens libcuda and initialises CUDA; another call begins anew with what it is given. Kernels are loaded when they are
/// needed. Throws CudaError that names what is missing.
void open_driver(const std::string& libcuda, const KernelPlaces& places);

/// Forgets the driver: unloads kernels and releases contexts, once no device is in use.
void close_driver();

/// Throws CudaError where no driver is open, or where the process was forked from one that had opened it.
void check_driver();

struct DeviceInfo {
  std::string name;
  int capability;       // 90 for 9.0
  std::string driver;   // the CUDA that it is made for, such as "13.0"
  std::string kernels;  // where they are from: "fatbin", "cache" or "nvrtc"
};

/// Loads the kernels of a device.
DeviceInfo device_info(int ordinal);

/// A stream of a device, as torch names both. It may be used by several threads.
std::unique_ptr<Device> driver_device(int ordinal, std::uintptr_t stream);

}  // namespace aestream::cuda
