// Parts, members and axes first; what they are made of is in tensors.cpp.
#include "cuda/plan.hpp"

#include "accumulate/steps.hpp"
#include "cuda/tensors.hpp"
#include "filter/coordinate_map.hpp"

namespace aestream::cuda {
namespace {

Map to_map(const CoordinateMap* map) {
  if (map == nullptr || !map->changes()) return {{}, {}, 0, 0, 1};
  AxisMap axes[2];
  for (std::size_t i = 0; i < 2; ++i) {
    const auto& axis = map->axes()[i];
    axes[i] = {axis.sign, axis.offset, axis.divisor, map->kept()[i].begin, map->kept()[i].end};
  }
  return {axes[0], axes[1], map->is_swapped(), map->is_polarity_flipped(), 0};
}

/// The launches of a representation and of all that it is made of.
class Plan {
 public:
  Plan(const Batch& batch, void* out, Launcher& launcher)
      : events_(batch.event_count), geometry_(batch.geometry), out_(out), launcher_(launcher) {}

  void add(const Representation& representation, const Input& input, std::int64_t offset) {
    const std::uint64_t before = launcher_.mark();
    if (const auto* steps = dynamic_cast<const Steps*>(&representation)) {
      add_steps(*steps, input, offset);
    } else if (const auto* concat = dynamic_cast<const Concat*>(&representation)) {
      for (const RepresentationPtr& member : concat->members()) {
        add(*member, input, offset);
        offset += static_cast<std::int64_t>(member->elements(geometry_));
      }
    } else {
      add_tensor(representation, input, {out_, offset, representation.elements(geometry_), nullptr});
    }
    launcher_.release(before);
  }

 private:
  void add_steps(const Steps& steps, const Input& input, std::int64_t offset) {
    SplitParams split{input,           nullptr, static_cast<U32>(steps.steps()),
                      steps.by_time(), offset,  steps.part().elements(geometry_)};
    Input parts = input;
    parts.row_count = static_cast<std::uint32_t>(input.row_count * split.steps);
    parts.rows = split.parts = launcher_.take<Row>(parts.row_count);
    launcher_.elements("split_begin", split, split.steps);
    if (split.by_time != 0) {
      launcher_.events("split_find", split, events_);
      launcher_.elements("split_end", split, split.steps);
    }
    // A part by events has no window but that of its events.
    add(steps.part(), split.by_time != 0 ? parts : with_span(parts, 1), 0);
  }

  void add_tensor(const Representation& representation, const Input& input, const Target& target) {
    const auto spanned = [&](bool by_window) { return by_window ? input : with_span(input, 0); };
    if (const auto* frame = dynamic_cast<const Frame*>(&representation)) {
      launch(*frame, input, target, events_, launcher_);
    } else if (const auto* grid = dynamic_cast<const VoxelGrid*>(&representation)) {
      launch(*grid, spanned(grid->options().by_window), target, events_, launcher_);
    } else if (const auto* stack = dynamic_cast<const StackedHistogram*>(&representation)) {
      launch(*stack, spanned(stack->by_window()), target, events_, launcher_);
    } else if (const auto* mixed = dynamic_cast<const MixedDensity*>(&representation)) {
      launch(*mixed, spanned(false), target, events_, launcher_);
    } else if (const auto* surface = dynamic_cast<const TimeSurface*>(&representation)) {
      launch(*surface, input, target, events_, launcher_);
    } else {
      launch(dynamic_cast<const LatestTime&>(representation), input, target, events_, launcher_);
    }
  }

  /// The same rows, whose axis is that of their events, to `after` µs after the latest.
  Input with_span(const Input& input, std::int64_t after) {
    SpanParams span{input, launcher_.take<Row>(input.row_count), after};
    launcher_.elements("span_begin", span, 1);
    launcher_.events("span_latest", span, events_);
    if (after != 0) launcher_.elements("span_end", span, 1);
    Input result = input;
    result.rows = span.rows;
    return result;
  }

  std::uint64_t events_;
  Geometry geometry_;
  void* out_;
  Launcher& launcher_;
};

Launcher plan(const Representation& representation, const Batch& batch, void* out, Launcher launcher) {
  const Input input{batch.source,    to_map(batch.map),    batch.rows,
                    batch.row_count, batch.geometry.width, batch.geometry.height};
  if (batch.row_count > 0) Plan(batch, out, launcher).add(representation, input, 0);
  return launcher;
}

}  // namespace

bool has_kernels(const Representation& representation) {
  if (const auto* steps = dynamic_cast<const Steps*>(&representation)) return has_kernels(steps->part());
  if (const auto* concat = dynamic_cast<const Concat*>(&representation)) {
    return std::ranges::all_of(concat->members(), [](const RepresentationPtr& member) { return has_kernels(*member); });
  }
  if (const auto* grid = dynamic_cast<const VoxelGrid*>(&representation)) {
    // Clipping after every event depends on their order where signs are mixed.
    return grid->options().clip == 0 || grid->options().polarity != VoxelGridOptions::Polarity::Signed;
  }
  return dynamic_cast<const Frame*>(&representation) != nullptr ||
         dynamic_cast<const StackedHistogram*>(&representation) != nullptr ||
         dynamic_cast<const MixedDensity*>(&representation) != nullptr ||
         dynamic_cast<const TimeSurface*>(&representation) != nullptr ||
         dynamic_cast<const LatestTime*>(&representation) != nullptr;
}

std::uint64_t scratch_bytes(const Representation& representation, const Batch& batch) {
  std::uint64_t most = 0;  // with tiles and without: it is not known here what the device has room for
  for (const std::size_t shared_bytes : {std::size_t{0}, std::size_t{1} << 20}) {
    const Launcher needs = plan(representation, batch, nullptr, Launcher(nullptr, {1, shared_bytes}, nullptr));
    most = std::max(most, needs.most_used());
  }
  return most;
}

void accumulate(const Representation& representation, const Batch& batch, void* out, void* scratch, Device& device) {
  const Launcher needs = plan(representation, batch, nullptr, Launcher(nullptr, device.limits(), nullptr));
  if (needs.clears()) {
    const std::uint64_t bytes =
        batch.row_count * representation.elements(batch.geometry) * size_of(representation.element());
    device.fill(out, needs.word(), (bytes + 3) / 4);
  }
  plan(representation, batch, out, Launcher(&device, device.limits(), scratch));
}

}  // namespace aestream::cuda
