// The data table read and believed as far as it can be true; windows read by it, packet by packet.
#include "recording/packet_claims.hpp"

#include <algorithm>
#include <string>

#include "core/parallel.hpp"

namespace aestream {
namespace {

constexpr std::size_t mebi = std::size_t{1} << 20;
constexpr std::size_t min_table = std::size_t{1} << 16;
constexpr std::size_t trusted_ratio = 64;   // of claimed events to the file: a table that claims more is not believed
constexpr std::size_t bytes_per_row = 128;  // of a data table, at most
constexpr std::size_t max_kept = 8 * mebi;  // bytes of a packet
constexpr std::size_t least_in_task = std::size_t{1} << 12;  // events
constexpr std::size_t most_in_task = std::size_t{1} << 17;   // as many are copied by one thread before others are awake

EventSpan events_of(const EventArray& array) { return {array.memory.as<Event>(), array.size}; }

EventArray allocate(std::size_t count) { return {Buffer(count * sizeof(Event)), count, 0}; }

}  // namespace

std::shared_ptr<const PacketClaims> PacketClaims::read(const PacketSource& source) {
  const ByteSpan file = source.file_->bytes();
  const std::size_t begin = source.layout_.begin, end = static_cast<std::size_t>(source.layout_.table_position);
  if (source.layout_.table_position < 0 || end < begin || end >= file.size()) return nullptr;
  std::vector<Claim> claims;
  try {
    Buffer scratch;
    const std::size_t most = (end - begin) / 8 * bytes_per_row + min_table;
    const std::vector<TableEntry> rows = read_data_table(source.inflater_.inflate(file.subspan(end), most, scratch));
    std::size_t at = begin;
    std::uint64_t total = 0;
    for (const TableEntry& row : rows) {
      if (row.stream != source.stream_) continue;
      const auto offset = static_cast<std::uint64_t>(row.offset), size = static_cast<std::uint64_t>(row.size);
      const bool lies_there =
          row.offset >= 8 && offset - 8 >= at && offset <= end && row.size >= 0 && size <= end - offset;
      if (!lies_there || row.count <= 0) return nullptr;
      const auto count = static_cast<std::uint64_t>(row.count);
      if (count > source.inflater_.max_inflated(size) / sizeof(Event)) return nullptr;
      claims.push_back({offset - 8, size, count, total, row.last_time.value_or(no_time)});
      total += count;
      at = offset + size;
    }
    if (claims.empty() || total * sizeof(Event) > trusted_ratio * file.size() + 16 * mebi) return nullptr;
  } catch (const FormatError&) {
    return nullptr;  // damage there costs no events
  }
  return std::make_shared<const PacketClaims>(source, std::move(claims));
}

PacketClaims::PacketClaims(const PacketSource& source, std::vector<Claim> claims)
    : source_(source), claims_(std::move(claims)), has_times_(true), is_checked_(claims_.size()) {
  std::int64_t latest = no_time;
  for (Claim& claim : claims_) {
    if (claim.latest == no_time) has_times_ = false;
    claim.latest_so_far = latest = std::max(latest, claim.latest);
  }
}

/// The packet that follows the one before, if it is where the table says. Number claims_.size() is none, at the end.
std::optional<Packet> PacketClaims::follow(std::size_t number) const {
  const std::size_t before = number == 0 ? source_.layout_.begin : claims_[number - 1].end();
  PacketWalk walk(source_.file_->bytes(), source_.layout_, before);
  std::optional<Packet> packet;
  try {
    packet = source_.next_packet(walk);
  } catch (const FormatError&) {  // of a place that may be wrong; what is damaged the index will say
    throw CountMismatch(before, "expected a packet as the data table says, found none");
  }
  const bool is_same = number < claims_.size() ? packet && packet->offset == claims_[number].offset &&
                                                     packet->payload.size() == claims_[number].size
                                               : !packet && walk.cut_bytes() == 0;
  if (!is_same) throw CountMismatch(before, "expected packets as the data table says, found others");
  return packet;
}

ByteSpan PacketClaims::stored_events(std::size_t number, Buffer& scratch) const {
  const std::optional<Packet> packet = follow(number);
  const ByteSpan stored = source_.stored_events(*packet, scratch);
  if (const std::size_t count = stored.size() / sizeof(Event); count != claims_[number].events) {
    throw CountMismatch(packet->begin(), "expected " + std::to_string(claims_[number].events) +
                                             " events as the data table says, found " + std::to_string(count));
  }
  return stored;
}

void PacketClaims::check_latest(std::size_t number, std::int64_t latest) const {
  if (latest != claims_[number].latest) {
    throw TimeMismatch(claims_[number].offset, "expected events until " + std::to_string(claims_[number].latest) +
                                                   " us as the data table says, found " + std::to_string(latest));
  }
}

PacketClaims::OpenedPtr PacketClaims::open(std::size_t number) const {
  {
    const std::lock_guard lock(mutex_);
    for (const OpenedPtr& each : kept_) {
      if (each && each->number == number) return each;
    }
  }
  const auto opened = std::make_shared<Opened>();
  opened->number = number;
  opened->events = stored_events(number, opened->memory);
  check_latest(number, latest_of(opened->events));
  return opened;
}

/// The packet before a window shows a time that is claimed too early, unless times step back further than a packet.
void PacketClaims::check_before(std::size_t number) const {
  if (number == 0) return;
  {
    const std::lock_guard lock(mutex_);
    if (is_checked_[number - 1]) return;
  }
  Buffer scratch;
  check_latest(number - 1, latest_of(stored_events(number - 1, scratch)));
}

/// Packets [first, last) were read; the others of a slice were its ends.
void PacketClaims::keep(const std::array<OpenedPtr, 2>& opened, std::size_t first, std::size_t last) const {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < opened.size(); ++i) {
    if (opened[i] && opened[i]->memory.size() <= max_kept) kept_[i] = opened[i];
  }
  std::fill(is_checked_.begin() + static_cast<std::ptrdiff_t>(first),
            is_checked_.begin() + static_cast<std::ptrdiff_t>(last), true);
}

std::size_t PacketClaims::first_reaching(std::int64_t time) const {
  const auto found =
      std::ranges::partition_point(claims_, [time](const Claim& claim) { return claim.latest_so_far < time; });
  return static_cast<std::size_t>(found - claims_.begin());
}

/// Decodes packets [first, last) to where they belong in `out`, which begins with the first of them.
void PacketClaims::fill(std::size_t first, std::size_t last, EventSpan out, std::size_t threads, bool times) const {
  std::vector<std::size_t> tasks;  // the first packet of each
  std::uint64_t next = 0;
  const std::size_t each =
      !source_.inflater_ && out.size() <= most_in_task
          ? most_in_task
          : std::clamp(out.size() / (4 * std::max<std::size_t>(threads, 1)), least_in_task, most_in_task);
  for (std::size_t i = first; i < last; ++i) {
    if (!tasks.empty() && claims_[i].ordinal < next) continue;
    tasks.push_back(i);
    next = claims_[i].ordinal + each;
  }
  tasks.push_back(last);
  parallel_for(tasks.size() - 1, threads, [&](std::size_t task) {
    Buffer scratch;
    for (std::size_t i = tasks[task]; i < tasks[task + 1]; ++i) {
      check_interrupt();
      const ByteSpan stored = stored_events(i, scratch);
      if (times) check_latest(i, latest_of(stored));
      copy_events(stored, &out[claims_[i].ordinal - claims_[first].ordinal]);
    }
    if (!times || source_.file_->is_large())
      source_.file_->forget(claims_[tasks[task]].offset, claims_[tasks[task + 1] - 1].end());
  });
}

/// Events before a packet, or in all.
std::uint64_t PacketClaims::ordinal(std::size_t number) const {
  return number < claims_.size() ? claims_[number].ordinal : claims_.back().ordinal + claims_.back().events;
}

EventArray PacketClaims::load(std::size_t threads) const {
  EventArray all = allocate(ordinal(claims_.size()));
  fill(0, claims_.size(), events_of(all), threads, false);
  follow(claims_.size());
  return all;
}

std::optional<EventArray> PacketClaims::slice(std::int64_t start, std::int64_t stop, std::size_t threads) const {
  if (!has_times_) return std::nullopt;
  if (start >= stop) return allocate(0);
  const std::size_t first = first_reaching(start), last = first_reaching(stop), end = claims_.size();
  check_before(first);
  const OpenedPtr head = first < end ? open(first) : nullptr, tail = first < last && last < end ? open(last) : nullptr;
  if (last == end) follow(end);
  if (!head) return allocate(0);
  const std::size_t skipped = count_before(head->events, start);
  const ByteSpan from = head->events.subspan(skipped * sizeof(Event));
  const std::size_t in_head = first == last ? count_before(from, stop) : from.size() / sizeof(Event);
  const std::size_t in_tail = tail ? count_before(tail->events, stop) : 0;
  const std::size_t inside = first < last ? ordinal(last) - ordinal(first + 1) : 0;  // of the packets between
  EventArray array = allocate(in_head + inside + in_tail);
  const EventSpan out = events_of(array);
  copy_events(from.first(in_head * sizeof(Event)), out.data());
  if (inside > 0) fill(first + 1, last, out.subspan(in_head, inside), threads, true);
  if (tail) copy_events(tail->events.first(in_tail * sizeof(Event)), out.data() + in_head + inside);
  keep({head, tail}, first, std::min(last + 1, end));
  return array;
}

}  // namespace aestream
