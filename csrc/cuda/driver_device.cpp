// One session of the driver in a process, which a forked child may look at but not use.
#include "cuda/driver_device.hpp"

#include <unistd.h>

#include <atomic>
#include <mutex>
#include <utility>
#include <vector>

#include "cuda/error.hpp"

namespace aestream::cuda {
namespace {

/// An open driver and what was loaded with it.
class Session {
 public:
  Session(const std::string& libcuda, KernelPlaces places)
      : driver_(libcuda), places_(std::move(places)), kernels_(static_cast<std::size_t>(driver_.devices())) {}

  const Driver& driver() const noexcept { return driver_; }

  Kernels& kernels(int ordinal) {
    if (ordinal < 0 || ordinal >= driver_.devices()) {
      throw CudaError("there is no GPU " + std::to_string(ordinal) + ", only " + std::to_string(driver_.devices()));
    }
    const std::lock_guard lock(mutex_);
    std::unique_ptr<Kernels>& kernels = kernels_[static_cast<std::size_t>(ordinal)];
    if (kernels == nullptr) kernels = std::make_unique<Kernels>(driver_, ordinal, places_);
    return *kernels;
  }

 private:
  Driver driver_;
  KernelPlaces places_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Kernels>> kernels_;
};

// The process that has initialised CUDA: asked before anything that a fork may have left locked. 0: none has.
std::atomic<pid_t> owner{0};

void check_process() {
  if (owner != 0 && owner != getpid()) {
    throw CudaError(
        "CUDA was used before this process was forked, and cannot be used in it; start workers with multiprocessing's "
        "\"spawn\", or keep the GPU to the process that forks");
  }
}

std::mutex& session_mutex() {
  static std::mutex& mutex = *new std::mutex;
  return mutex;
}

/// Never destroyed: at the end of the process the driver may have ended before.
std::shared_ptr<Session>& session_place() {
  static auto& place = *new std::shared_ptr<Session>;
  return place;
}

std::shared_ptr<Session> session() {
  check_process();
  const std::lock_guard lock(session_mutex());
  if (session_place() == nullptr) throw CudaError("no driver of CUDA is open");
  return session_place();
}

void replace_session(std::shared_ptr<Session> next) {
  {
    const std::lock_guard lock(session_mutex());
    session_place().swap(next);
  }
  next.reset();  // the one before, without the lock
}

class DriverDevice final : public Device {
 public:
  DriverDevice(std::shared_ptr<Session> session, int ordinal, std::uintptr_t stream)
      : session_(std::move(session)),
        kernels_(session_->kernels(ordinal)),
        stream_(reinterpret_cast<StreamHandle>(stream)) {}

  Limits limits() const override { return kernels_.limits(); }

  void launch(const char* kernel, unsigned x, unsigned y, unsigned threads, std::size_t shared_bytes,
              const void* params) override {
    check_process();
    const PrimaryContext::Use use(kernels_.context());
    void* arguments[] = {const_cast<void*>(params)};
    session_->driver().launch(kernels_.find(kernel, shared_bytes), x, y, 1, threads, 1, 1,
                              static_cast<unsigned>(shared_bytes), stream_, arguments, nullptr);
  }

  void fill(void* memory, std::uint32_t word, std::size_t count) override {
    check_process();
    if (count == 0) return;
    const PrimaryContext::Use use(kernels_.context());
    session_->driver().fill(reinterpret_cast<DevicePointer>(memory), word, count, stream_);
  }

 private:
  std::shared_ptr<Session> session_;  // outlives what is used of it
  Kernels& kernels_;
  StreamHandle stream_;
};

}  // namespace

void open_driver(const std::string& libcuda, const KernelPlaces& places) {
  check_process();
  auto opened = std::make_shared<Session>(libcuda, places);
  owner = getpid();
  replace_session(std::move(opened));
}

void close_driver() {
  check_process();
  replace_session(nullptr);
}

void check_driver() { session(); }

DeviceInfo device_info(int ordinal) {
  const std::shared_ptr<Session> opened = session();
  const Kernels& kernels = opened->kernels(ordinal);
  return {kernels.device_name(), kernels.capability(), opened->driver().version(), kernels.origin()};
}

std::unique_ptr<Device> driver_device(int ordinal, std::uintptr_t stream) {
  return std::make_unique<DriverDevice>(session(), ordinal, stream);
}

}  // namespace aestream::cuda
