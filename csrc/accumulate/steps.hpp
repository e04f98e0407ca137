// Steps: one window cut into parts, each a tensor of its own; and Concat: several tensors of one window, as channels of one.
#pragma once

#include "accumulate/representation.hpp"

namespace aestream {

class Steps final : public Representation {
 public:
  /// By time, part i begins at start + span * i / steps and parts follow the running maximum; by events, at event
  /// n * i / steps. So parts partition the window.
  Steps(RepresentationPtr part, std::size_t steps, bool by_time)
      : part_(std::move(part)), steps_(steps), by_time_(by_time) {}

  Element element() const override { return part_->element(); }
  std::vector<std::size_t> shape(Geometry geometry) const override;
  std::unique_ptr<Accumulator> accumulator(Geometry geometry) const override;

  const Representation& part() const noexcept { return *part_; }
  std::size_t steps() const noexcept { return steps_; }
  bool by_time() const noexcept { return by_time_; }

 private:
  RepresentationPtr part_;
  std::size_t steps_;
  bool by_time_;
};

class Concat final : public Representation {
 public:
  /// All have one element type and one size of image.
  explicit Concat(std::vector<RepresentationPtr> members) : members_(std::move(members)) {}

  Element element() const override { return members_.front()->element(); }
  std::vector<std::size_t> shape(Geometry geometry) const override;
  std::unique_ptr<Accumulator> accumulator(Geometry geometry) const override;

  const std::vector<RepresentationPtr>& members() const noexcept { return members_; }

 private:
  std::vector<RepresentationPtr> members_;
};

}  // namespace aestream
