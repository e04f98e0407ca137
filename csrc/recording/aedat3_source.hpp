// The source of AEDAT 3.1: packets found through their headers, with checkpoints inside of long ones.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "core/mapped_file.hpp"
#include "decode/aedat3.hpp"
#include "recording/source.hpp"

namespace aestream {

class Aedat3Source final : public Source {
 public:
  /// The packets begin at `begin`; with `camera` only those of that eventSource count.
  Aedat3Source(std::shared_ptr<const MappedFile> file, std::size_t begin, std::optional<std::uint16_t> camera);

  Index build_index(std::size_t threads, bool times) const override;
  Checkpoint start() const override { return {begin_, 0, no_time, {}}; }
  std::unique_ptr<Cursor> open(const Checkpoint& checkpoint) const override;
  void check_places(const Index& index) const override;

 private:
  struct Run;
  struct Listing;

  Listing list_runs(std::size_t stride) const;
  std::vector<Scan> scan_runs(const std::vector<Run>& runs, std::size_t threads) const;

  std::shared_ptr<const MappedFile> file_;
  std::size_t begin_;
  std::optional<std::uint16_t> camera_;
};

}  // namespace aestream
