// The kernels of one device, loaded into its primary context, which is the one that torch uses.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "cuda/device.hpp"
#include "cuda/driver.hpp"

namespace aestream::cuda {

/// Where kernels may come from, in this order of preference; empty where there is no such thing.
struct KernelPlaces {
  std::string fatbin;  // file with kernels for many architectures
  std::string cache;   // folder of what NVRTC has compiled before
  std::string nvrtc;   // the library
};

/// The device's primary context, held as long as this lives.
class PrimaryContext {
 public:
  PrimaryContext(const Driver& driver, int device);
  PrimaryContext(const PrimaryContext&) = delete;
  PrimaryContext& operator=(const PrimaryContext&) = delete;
  ~PrimaryContext() { driver_.context_release.quietly(device_); }

  /// The context is the thread's current one as long as this lives; then the one before is.
  class Use {
   public:
    explicit Use(const PrimaryContext& context) : driver_(context.driver_) { driver_.context_push(context.handle_); }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    ~Use() {
      ContextHandle popped = nullptr;
      driver_.context_pop.quietly(&popped);
    }

   private:
    const Driver& driver_;
  };

 private:
  const Driver& driver_;
  int device_;
  ContextHandle handle_ = nullptr;
};

class Kernels {
 public:
  /// Throws CudaError where there is no such device, or no kernels for it.
  Kernels(const Driver& driver, int ordinal, const KernelPlaces& places);
  Kernels(const Kernels&) = delete;
  Kernels& operator=(const Kernels&) = delete;
  ~Kernels();

  const PrimaryContext& context() const noexcept { return context_; }
  const Limits& limits() const noexcept { return limits_; }
  const std::string& device_name() const noexcept { return name_; }

  /// 90 for a GPU of capability 9.0.
  int capability() const noexcept { return capability_; }

  /// Where the kernels are from: "fatbin", "cache" or "nvrtc".
  const char* origin() const noexcept { return origin_; }

  /// A kernel that may be launched with so much shared memory. The context has to be in use.
  FunctionHandle find(const char* name, std::size_t shared_bytes);

 private:
  struct Found {
    FunctionHandle handle = nullptr;
    std::size_t shared_bytes = 48 << 10;  // what a kernel may have without asking
  };

  void load(const KernelPlaces& places);
  bool try_load(const void* image);
  bool try_fatbin(const std::string& path);

  const Driver& driver_;
  int device_;
  PrimaryContext context_;
  Limits limits_;
  std::string name_;
  int capability_ = 0;
  ModuleHandle module_ = nullptr;
  const char* origin_ = "";
  std::mutex mutex_;
  std::map<std::string, Found, std::less<>> found_;
};

}  // namespace aestream::cuda
