// Compiled kernels on disk, so that they are compiled once. Nothing here may fail: what cannot be used is compiled again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace aestream::cuda {

class ImageCache {
 public:
  /// `folder`: absolute, made when it is needed; empty: nothing is kept.
  explicit ImageCache(std::string folder) : folder_(std::move(folder)) {}

  /// What was kept under a key, which is a file name, as long as the file is whole and ours.
  std::optional<std::vector<std::uint8_t>> read(const std::string& key) const;

  void write(const std::string& key, const std::vector<std::uint8_t>& image) const;

 private:
  std::string folder_;
};

}  // namespace aestream::cuda
