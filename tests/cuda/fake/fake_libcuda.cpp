// A libcuda for machines without one: it notes every call, fails where it is told to, and runs the kernels on the host,
// where memory of the "device" lies.
#include <cstring>
#include <map>
#include <mutex>
#include <string>

#include "host_kernels.hpp"

namespace {

using Run = void (*)(const void* params, Index3 grid, unsigned threads, std::size_t shared_bytes);

template <auto kernel>
struct Runner;
template <class Params, void (*kernel)(Params)>
struct Runner<kernel> {
  static void run(const void* params, Index3 grid, unsigned threads, std::size_t shared_bytes) {
    run_on_host<Params>(kernel, params, grid, threads, shared_bytes);
  }
};

#define KERNEL(name) {#name, &Runner<&aestream::cuda::name>::run}
const std::map<std::string, Run> kernels{KERNEL(frame_float),
                                         KERNEL(frame_cells),
                                         KERNEL(frame_finish),
                                         KERNEL(frame_bytes),
                                         KERNEL(frame_bytes_again),
                                         KERNEL(frame_shared),
                                         KERNEL(voxel_add),
                                         KERNEL(voxel_finish),
                                         KERNEL(voxel_shared),
                                         KERNEL(voxel_sums),
                                         KERNEL(voxel_squares),
                                         KERNEL(voxel_normalize),
                                         KERNEL(histogram_bytes),
                                         KERNEL(histogram_bytes_again),
                                         KERNEL(histogram_shared),
                                         KERNEL(mixed_edges),
                                         KERNEL(mixed_cells),
                                         KERNEL(mixed_finish),
                                         KERNEL(mixed_shared),
                                         KERNEL(surface_latest),
                                         KERNEL(surface_finish),
                                         KERNEL(surface_latest_signed),
                                         KERNEL(surface_finish_signed),
                                         KERNEL(surface_shared),
                                         KERNEL(latest_time),
                                         KERNEL(split_begin),
                                         KERNEL(split_find),
                                         KERNEL(split_end),
                                         KERNEL(span_begin),
                                         KERNEL(span_latest),
                                         KERNEL(span_end)};

std::mutex mutex;
std::string calls;            // one line each
std::string failing;          // the function that fails
int code = 0, remaining = 0;  // with what, after how many more calls
bool once = false;            // or from then on
int contexts = 0, modules = 0, current = 0;
int devices = 2, capability = 90;

/// Notes a call. What it returns, the call has to return at once unless it is 0.
int note(const std::string& name, const std::string& arguments = "") {
  const std::lock_guard lock(mutex);
  if (calls.size() < (1 << 20)) calls += name + "(" + arguments + ")\n";
  if (name != failing) return 0;
  if (remaining-- > 0) return 0;
  if (once) failing.clear();
  return code;
}

std::string text(unsigned long long value) { return std::to_string(value); }

}  // namespace

extern "C" {

const char* fake_calls() { return calls.c_str(); }
int fake_contexts() { return contexts; }
int fake_modules() { return modules; }
int fake_current() { return current; }
void fake_reset() { calls.clear(), failing.clear(), code = remaining = 0, devices = 2, capability = 90; }
void fake_devices(int count, int with_capability) { devices = count, capability = with_capability; }
void fake_fail(const char* name, int with, int after) { failing = name, code = with, remaining = after, once = false; }
void fake_fail_once(const char* name, int with) { failing = name, code = with, remaining = 0, once = true; }

int cuGetErrorName(int status, const char** name) {
  *name = status == 2 ? "CUDA_ERROR_OUT_OF_MEMORY" : "CUDA_ERROR_OF_THE_FAKE";
  return 0;
}
int cuGetErrorString(int, const char** words) {
  *words = "the fake was told so";
  return 0;
}
int cuInit(unsigned) { return note("cuInit"); }
int cuDriverGetVersion(int* version) {
  *version = 13000;
  return note("cuDriverGetVersion");
}
int cuDeviceGetCount(int* count) {
  *count = devices;
  return note("cuDeviceGetCount");
}
int cuDeviceGet(int* device, int ordinal) {
  *device = ordinal;
  return note("cuDeviceGet", text(ordinal));
}
int cuDeviceGetName(char* name, int length, int) {
  std::strncpy(name, "a fake GPU", static_cast<std::size_t>(length));
  return note("cuDeviceGetName");
}
int cuDeviceGetAttribute(int* value, int attribute, int) {
  *value = attribute == 16 ? 4 : attribute == 75 ? capability / 10 : attribute == 76 ? capability % 10 : 227 << 10;
  return note("cuDeviceGetAttribute", text(attribute));
}
int cuDevicePrimaryCtxRetain(void** context, int device) {
  const int status = note("cuDevicePrimaryCtxRetain", text(device));
  if (status == 0) ++contexts, *context = &contexts;
  return status;
}
int cuDevicePrimaryCtxRelease_v2(int device) {
  --contexts;
  return note("cuDevicePrimaryCtxRelease_v2", text(device));
}
int cuCtxPushCurrent_v2(void*) {
  const int status = note("cuCtxPushCurrent_v2");
  if (status == 0) ++current;
  return status;
}
int cuCtxPopCurrent_v2(void**) {
  --current;
  return note("cuCtxPopCurrent_v2");
}
int cuModuleLoadData(void** module, const void* image) {
  const bool is_fatbin = std::memcmp(image, "\x50\xED\x55\xBA", 4) == 0;
  const bool is_cubin = std::memcmp(image, "\177ELF", 4) == 0;
  const int status = note("cuModuleLoadData", is_fatbin ? "fatbin" : is_cubin ? "cubin" : "?");
  if (!is_fatbin && !is_cubin) return 200;
  if (status == 0) ++modules, *module = &modules;
  return status;
}
int cuModuleUnload(void*) {
  --modules;
  return note("cuModuleUnload");
}
int cuModuleGetFunction(void** function, void*, const char* name) {
  const auto found = kernels.find(name);
  if (found == kernels.end()) return 500;
  *function = const_cast<std::pair<const std::string, Run>*>(&*found);
  return note("cuModuleGetFunction", name);
}
int cuFuncSetAttribute(void*, int attribute, int value) {
  return note("cuFuncSetAttribute", text(attribute) + ", " + text(value));
}
int cuLaunchKernel(void* function, unsigned x, unsigned y, unsigned z, unsigned threads, unsigned, unsigned,
                   unsigned shared_bytes, void* stream, void** arguments, void**) {
  const auto& [name, run] = *static_cast<const std::pair<const std::string, Run>*>(function);
  const int status =
      note("cuLaunchKernel", name + ", " + text(x) + "x" + text(y) + "x" + text(z) + ", " + text(threads) + ", " +
                                 text(shared_bytes) + ", stream " + text(reinterpret_cast<std::uintptr_t>(stream)));
  if (status == 0) run(arguments[0], {x, y, z}, threads, shared_bytes);
  return status;
}
int cuMemsetD32Async(unsigned long long memory, unsigned word, std::size_t count, void* stream) {
  const int status = note("cuMemsetD32Async", text(word) + ", " + text(count) + ", stream " +
                                                  text(reinterpret_cast<std::uintptr_t>(stream)));
  if (status == 0) {
    for (std::size_t i = 0; i < count; ++i) reinterpret_cast<unsigned*>(memory)[i] = word;
  }
  return status;
}
}
