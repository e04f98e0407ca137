// What the launches of all representations share: memory beside the tensors, sizes of grids, tensors in parts.
#pragma once

#include <algorithm>

#include "cuda/plan.hpp"

namespace aestream::cuda {

/// Memory handed out from one block, or only counted where there is no device to launch on.
class Launcher {
 public:
  /// Without a device, nothing is launched.
  Launcher(Device* device, Limits limits, void* scratch) : device_(device), limits_(limits), scratch_(scratch) {}

  const Limits& limits() const { return limits_; }
  std::uint64_t most_used() const { return most_used_; }

  /// Asks for tensors that are `word` all over before the first kernel.
  void clear_first(std::uint32_t word) { clears_ = true, word_ = word; }
  bool clears() const { return clears_; }
  std::uint32_t word() const { return word_; }

  template <class T>
  T* take(std::uint64_t count) {
    const std::uint64_t at = used_;
    used_ += (count * sizeof(T) + 15) / 16 * 16;
    most_used_ = std::max(most_used_, used_);
    return device_ == nullptr ? nullptr : reinterpret_cast<T*>(static_cast<std::uint8_t*>(scratch_) + at);
  }

  std::uint64_t mark() const { return used_; }
  /// Gives back what was taken since: a stream does one thing after the other.
  void release(std::uint64_t mark) { used_ = mark; }

  template <class T>
  void zero(T* memory, std::uint64_t count) {
    if (device_ != nullptr) device_->fill(memory, 0, (count * sizeof(T) + 3) / 4);
  }

  /// Passes over the events of all rows.
  template <class Params>
  void events(const char* kernel, const Params& params, std::uint64_t event_count) {
    const std::uint64_t each = event_count / std::max<std::uint32_t>(params.input.row_count, 1) + 1;
    launch(kernel, params, blocks(each, 4), rows(params.input), 256, 0);
  }

  /// Passes over `elements` of every row.
  template <class Params>
  void elements(const char* kernel, const Params& params, std::uint64_t elements) {
    launch(kernel, params, blocks(elements, 8), rows(params.input), 256, 0);
  }

  /// One block a row.
  template <class Params>
  void rows_alone(const char* kernel, const Params& params, std::size_t shared_bytes) {
    launch(kernel, params, params.input.row_count, 1, 1024, shared_bytes);
  }

  template <class Params>
  void launch(const char* kernel, const Params& params, unsigned x, unsigned y, unsigned threads,
              std::size_t shared_bytes) {
    if (device_ != nullptr) device_->launch(kernel, x, y, threads, shared_bytes, &params);
  }

  static unsigned rows(const Input& input) { return std::min(input.row_count, 65535U); }

  /// Calls `work` for so many rows at a time that their cells stay within bounds.
  template <class Params, class Work>
  void in_parts(const Params& params, std::uint64_t bytes_per_row, const Work& work) {
    constexpr std::uint64_t most = std::uint64_t{256} << 20;
    const auto at_once = static_cast<std::uint32_t>(
        std::clamp<std::uint64_t>(most / std::max<std::uint64_t>(bytes_per_row, 1), 1, params.input.row_count));
    for (std::uint32_t row = 0; row < params.input.row_count; row += at_once) {
      const std::uint64_t before = mark();
      Params part = params;
      part.input.rows += row;
      part.input.row_count = std::min(at_once, params.input.row_count - row);
      work(part);
      release(before);
    }
  }

 private:
  static unsigned blocks(std::uint64_t items, std::uint64_t per_thread) {
    return static_cast<unsigned>(
        std::clamp<std::uint64_t>((items + 256 * per_thread - 1) / (256 * per_thread), 1, 1024));
  }

  Device* device_;
  Limits limits_;
  void* scratch_;
  std::uint64_t used_ = 0, most_used_ = 0;
  bool clears_ = false;
  std::uint32_t word_ = 0;
};

}  // namespace aestream::cuda
