// Steps and Concat hand events on to the accumulators of their parts.
#include "accumulate/steps.hpp"

#include <algorithm>

#include "accumulate/event_list.hpp"

namespace aestream {
namespace {

class StepsAccumulator final : public Accumulator {
 public:
  StepsAccumulator(std::unique_ptr<Accumulator> part, std::size_t steps, bool by_time)
      : part_(std::move(part)), steps_(steps), by_time_(by_time) {
    collects_ = part_->needs() == Needs::Events || (part_->needs() == Needs::Window && !by_time);
  }

  std::size_t size() const override { return steps_ * part_->size(); }
  Needs needs() const override { return by_time_ ? Needs::Window : Needs::Events; }
  bool starts_from_zeros() const override { return part_->starts_from_zeros(); }

  void begin(std::uint8_t* out, const Axis& axis) override {
    out_ = out;
    axis_ = axis;
    step_ = 0;
    ordinal_ = outside_ = 0;
    begin_part();
  }

  void consume(ConstEventSpan events) override {
    while (!events.empty()) {
      const std::size_t count = step_ + 1 == steps_ ? events.size() : count_inside(events);
      add(events.first(count));
      events = events.subspan(count);
      if (!events.empty()) next_part();
    }
  }

  std::size_t finish() override {
    while (step_ + 1 < steps_) next_part();
    finish_part();
    return outside_;
  }

 private:
  /// Where part i begins: a time, or an ordinal.
  std::int64_t edge(std::size_t i) const {
    const auto length = by_time_ ? static_cast<unsigned __int128>(static_cast<std::uint64_t>(axis_.window.stop) -
                                                                  static_cast<std::uint64_t>(axis_.window.start))
                                 : static_cast<unsigned __int128>(axis_.count);
    const auto before = static_cast<std::uint64_t>(length * i / steps_);
    return static_cast<std::int64_t>((by_time_ ? static_cast<std::uint64_t>(axis_.window.start) : 0) + before);
  }

  std::size_t count_inside(ConstEventSpan events) const {
    const std::int64_t stop = edge(step_ + 1);
    if (!by_time_) return std::min(events.size(), static_cast<std::size_t>(stop) - ordinal_);
    const auto after = std::ranges::find_if(events, [stop](const Event& event) { return event.t >= stop; });
    return static_cast<std::size_t>(after - events.begin());
  }

  void add(ConstEventSpan events) {
    ordinal_ += events.size();
    collects_ ? list_.add(events) : part_->consume(events);
  }

  std::uint8_t* part_out() const { return out_ + step_ * part_->size(); }
  TimeSpan part_window() const { return {edge(step_), edge(step_ + 1)}; }

  void begin_part() {
    list_.clear();
    if (!collects_) part_->begin(part_out(), {by_time_ ? part_window() : TimeSpan{}, {}, 0, axis_.is_zeroed});
  }

  void finish_part() {
    if (!collects_) {
      outside_ += part_->finish();
    } else {
      const TimeSpan window = by_time_ ? part_window() : TimeSpan{};
      const TimeSpan* const edges = by_time_ ? &window : nullptr;
      outside_ += accumulate_span(list_.events(), edges, *part_, part_out(), axis_.is_zeroed);
    }
  }

  void next_part() {
    finish_part();
    ++step_;
    begin_part();
  }

  std::unique_ptr<Accumulator> part_;
  std::size_t steps_;
  bool by_time_;
  bool collects_ = false;  // a part has to be complete before its accumulator can start
  EventList list_;
  Axis axis_;
  std::uint8_t* out_ = nullptr;
  std::size_t step_ = 0, ordinal_ = 0, outside_ = 0;
};

class ConcatAccumulator final : public Accumulator {
 public:
  explicit ConcatAccumulator(std::vector<std::unique_ptr<Accumulator>> members) : members_(std::move(members)) {}

  std::size_t size() const override {
    std::size_t sum = 0;
    for (const auto& member : members_) sum += member->size();
    return sum;
  }

  Needs needs() const override {
    Needs most = Needs::Nothing;
    for (const auto& member : members_) most = std::max(most, member->needs());
    return most;
  }

  bool starts_from_zeros() const override {
    return std::ranges::any_of(members_, [](const auto& member) { return member->starts_from_zeros(); });
  }

  void begin(std::uint8_t* out, const Axis& axis) override {
    for (const auto& member : members_) {
      member->begin(out, axis);
      out += member->size();
    }
  }

  void consume(ConstEventSpan events) override {
    constexpr std::size_t block = 2048;  // stays in L1 while all members look at it
    for (; !events.empty(); events = events.subspan(std::min(block, events.size()))) {
      for (const auto& member : members_) member->consume(events.first(std::min(block, events.size())));
    }
  }

  std::size_t finish() override {
    std::size_t outside = 0;
    for (const auto& member : members_) outside = member->finish();  // the same for all
    return outside;
  }

 private:
  std::vector<std::unique_ptr<Accumulator>> members_;
};

}  // namespace

std::vector<std::size_t> Steps::shape(Geometry geometry) const {
  std::vector<std::size_t> lengths = part_->shape(geometry);
  lengths.insert(lengths.begin(), steps_);
  return lengths;
}

std::unique_ptr<Accumulator> Steps::accumulator(Geometry geometry) const {
  return std::make_unique<StepsAccumulator>(part_->accumulator(geometry), steps_, by_time_);
}

std::vector<std::size_t> Concat::shape(Geometry geometry) const {
  std::vector<std::size_t> lengths = members_.front()->shape(geometry);
  for (std::size_t i = 1; i < members_.size(); ++i) lengths.front() += members_[i]->shape(geometry).front();
  return lengths;
}

std::unique_ptr<Accumulator> Concat::accumulator(Geometry geometry) const {
  std::vector<std::unique_ptr<Accumulator>> accumulators;
  for (const auto& member : members_) accumulators.push_back(member->accumulator(geometry));
  return std::make_unique<ConcatAccumulator>(std::move(accumulators));
}

}  // namespace aestream
