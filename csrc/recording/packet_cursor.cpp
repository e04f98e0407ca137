// PacketCursor: packets are inflated whole, so events are handed out packet by packet.
#include "recording/packet_cursor.hpp"

#include <algorithm>
#include <utility>

namespace aestream {
namespace {

constexpr std::size_t max_cached = std::size_t{64} << 20;  // bytes of one packet

ByteSpan as_bytes(ConstEventSpan events) {
  return {reinterpret_cast<const std::uint8_t*>(events.data()), events.size_bytes()};
}

}  // namespace

PacketCursor::PacketCursor(const PacketSource& source, const Checkpoint& checkpoint)
    : source_(source), walk_(source.file_->bytes(), source.layout_, checkpoint.offset) {}

std::optional<Packet> PacketCursor::next_packet() { return source_.next_packet(walk_); }

std::shared_ptr<const InflatedPacket> PacketCursor::inflated(const Packet& packet) {
  if (auto cached = source_.find_cached(packet.offset)) return cached;
  const ByteSpan stored = source_.stored_events(packet, scratch_);
  auto fresh = std::make_shared<InflatedPacket>();
  fresh->offset = packet.offset;
  fresh->count = stored.size() / sizeof(Event);
  fresh->memory = Buffer(stored.size());
  copy_events(stored, fresh->memory.as<Event>());
  if (stored.size() <= max_cached) source_.keep(fresh);
  return fresh;
}

ConstEventSpan PacketCursor::next_block() {
  if (!source_.inflater_ || !left_.empty()) return Cursor::next_block();
  while (const auto packet = next_packet()) {
    current_ = inflated(*packet);
    if (current_->count > 0) return current_->events();
  }
  return {};
}

std::size_t PacketCursor::decode(EventSpan out) {
  while (left_.empty()) {
    const auto packet = next_packet();
    if (!packet) return 0;
    current_ = source_.find_cached(packet->offset);
    left_ = current_ ? as_bytes(current_->events()) : source_.stored_events(*packet, scratch_);
  }
  const std::size_t count = std::min(out.size(), left_.size() / sizeof(Event));
  copy_events(left_.first(count * sizeof(Event)), out.data());
  left_ = left_.subspan(count * sizeof(Event));
  return count;
}

}  // namespace aestream
