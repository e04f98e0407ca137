// The CUDA kernels played by threads of the host, for ThreadSanitizer: every representation at two sizes, one tensor that
// fits into a block's memory and one that does not. `bash .ci/threads`.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "accumulate/frame.hpp"
#include "accumulate/stacked_histogram.hpp"
#include "accumulate/steps.hpp"
#include "accumulate/time_surface.hpp"
#include "accumulate/voxel_grid.hpp"
#include "core/event.hpp"
#include "cuda/plan.hpp"
#include "fake_libcuda.cpp"

namespace aestream {
namespace {

class HostDevice final : public cuda::Device {
 public:
  cuda::Limits limits() const override { return {.multiprocessors = 2, .shared_bytes = 48 << 10}; }

  void launch(const char* kernel, unsigned x, unsigned y, unsigned threads, std::size_t shared_bytes,
              const void* params) override {
    void* function = nullptr;
    void* arguments[] = {const_cast<void*>(params)};
    if (cuModuleGetFunction(&function, nullptr, kernel) != 0) std::abort();
    cuLaunchKernel(function, x, y, 1, threads, 1, 1, static_cast<unsigned>(shared_bytes), nullptr, arguments, nullptr);
  }

  void fill(void* memory, std::uint32_t word, std::size_t count) override {
    cuMemsetD32Async(reinterpret_cast<std::uintptr_t>(memory), word, count, nullptr);
  }
};

std::vector<Event> make_events(Geometry geometry, std::int64_t count) {
  std::vector<Event> events(static_cast<std::size_t>(count));
  std::uint32_t random = 1;
  for (std::int64_t t = 0; t < count; ++t) {
    random = random * 1664525 + 1013904223;
    const bool is_hot = random >> 28 == 0;  // many threads at one pixel
    const std::uint32_t x = is_hot ? 3 : (random >> 8) % geometry.width,
                        y = is_hot ? 2 : (random >> 16) % geometry.height;
    store_event(&events[static_cast<std::size_t>(t)], t, x, y, random >> 31);
  }
  return events;
}

void accumulate(const Representation& representation, Geometry geometry) {
  const std::vector<Event> events = make_events(geometry, 3000);
  std::size_t elements = 1;
  for (const std::size_t length : representation.shape(geometry)) elements *= length;
  const auto step = static_cast<cuda::I64>(elements);
  const cuda::Row rows[] = {
      {0, 1000, 0, 0, 1000, 0}, {1000, 1000, 0, 1000, 1001, step}, {1000, 3000, 0, 1000, 3000, 2 * step}};
  cuda::Batch batch;
  batch.source = {cuda::Layout::Records, events.data(), nullptr, nullptr, nullptr};
  batch.geometry = geometry;
  batch.rows = rows;
  batch.row_count = 3;
  batch.event_count = events.size();
  std::vector<std::max_align_t> out(3 * elements * 8 / sizeof(std::max_align_t) + 2);
  std::vector<std::max_align_t> scratch(cuda::scratch_bytes(representation, batch) / sizeof(std::max_align_t) + 2);
  HostDevice device;
  cuda::accumulate(representation, batch, out.data(), scratch.data(), device);
}

}  // namespace
}  // namespace aestream

int main() {
  using namespace aestream;
  std::vector<std::shared_ptr<const Representation>> all{
      std::make_shared<Frame>(Frame::Polarity::Split, Element::Float32, std::nullopt),
      std::make_shared<Frame>(Frame::Polarity::Difference, Element::Float16, 2),
      std::make_shared<Frame>(Frame::Polarity::Sum, Element::UInt8, std::nullopt),
      std::make_shared<StackedHistogram>(4, std::uint8_t{3}, false, 1U),
      std::make_shared<MixedDensity>(4, std::uint8_t{3}),
      std::make_shared<LatestTime>(true),
      std::make_shared<VoxelGrid>(VoxelGridOptions{.bins = 3, .normalize = VoxelGridOptions::Normalize::NonZero}),
  };
  for (const Geometry geometry : {Geometry{20, 10}, Geometry{346, 260}}) {
    for (const auto& representation : all) accumulate(*representation, geometry);
  }
  std::puts("kernels: done");
}
