// Sending: groups of events that are due together, in batches of datagrams.
#include "stream/udp_sender.hpp"

#include <algorithm>
#include <stdexcept>
#include <thread>

#include "stream/datagram_batch.hpp"

namespace aestream {
namespace {

using Seconds = std::chrono::duration<double>;

constexpr Seconds grain{500e-6};   // events this close in time are sent together
constexpr std::size_t batch = 64;  // datagrams
constexpr std::size_t events_at_once = 65536;
constexpr std::chrono::milliseconds max_wait{50};
constexpr double max_seconds = 1e9;

template <class Clock>
typename Clock::duration to_duration(double seconds) {
  return std::chrono::duration_cast<typename Clock::duration>(Seconds(std::clamp(seconds, 0.0, max_seconds)));
}

}  // namespace

UdpSender::UdpSender(const UdpAddress& address, DatagramLayout layout, std::size_t datagram_bytes, Pace pace)
    : socket_(UdpSocket::connect(address)),
      layout_(layout),
      datagram_size_(datagram_bytes / layout.event_size() * layout.event_size()),
      pace_(pace),
      bytes_(batch * datagram_size_) {
  if (datagram_size_ == 0) throw std::invalid_argument("a datagram must have room for an event");
}

/// The first events, and when to send them.
ConstEventSpan UdpSender::due_together(ConstEventSpan events, Clock::time_point& due) {
  std::size_t count = std::min(events.size(), events_at_once);
  if (pace_.rate_hz > 0) {
    count = std::min(count, static_cast<std::size_t>(std::max(1.0, pace_.rate_hz * grain.count())));
    due = begin_ + to_duration<Clock>(static_cast<double>(ordinal_) / pace_.rate_hz);
  } else if (pace_.speed > 0) {
    latest_ = std::max(latest_, events.front().t);  // a step back in time is sent at once
    const double microseconds = static_cast<double>(latest_) - static_cast<double>(first_);
    due = begin_ + to_duration<Clock>(microseconds / 1e6 / pace_.speed);
    const double last = static_cast<double>(latest_) + grain.count() * 1e6 * pace_.speed;
    const auto later = [last](const Event& event) { return static_cast<double>(event.t) > last; };
    count = static_cast<std::size_t>(
        std::find_if(events.begin() + 1, events.begin() + std::ssize(events.first(count)), later) - events.begin());
  }
  return events.first(count);
}

bool UdpSender::send(ConstEventSpan events, const std::function<bool()>& go_on) {
  const std::lock_guard lock(mutex_);
  if (!events.empty() && !has_begun_) {
    has_begun_ = true;
    begin_ = Clock::now();
    first_ = latest_ = events.front().t;
  }
  while (!events.empty()) {
    Clock::time_point due = Clock::time_point::min();
    const ConstEventSpan group = due_together(events, due);
    for (Clock::time_point now = Clock::now(); now < due || now - asked_ >= max_wait; now = Clock::now()) {
      if (now - asked_ >= max_wait) {
        if (!go_on()) return false;
        asked_ = now;
      }
      if (now < due) std::this_thread::sleep_until(std::min(due, asked_ + max_wait));
    }
    for (const Event& event : group) append(event);
    flush();
    ordinal_ += group.size();
    events = events.subspan(group.size());
  }
  return true;
}

void UdpSender::append(const Event& event) {
  if (!fits(layout_, event)) {
    ++rejected_;
    return;
  }
  encode_event(layout_, event, bytes_.data() + size_);
  size_ += layout_.event_size();
  if (size_ == bytes_.size()) flush();
}

void UdpSender::flush() {
  std::vector<ByteSpan> datagrams;
  const ByteSpan bytes(bytes_.data(), size_);
  for (std::size_t at = 0; at < size_; at += datagram_size_) {
    datagrams.push_back(bytes.subspan(at, std::min(datagram_size_, size_ - at)));
  }
  send_all(socket_.descriptor(), datagrams);
  events_ += size_ / layout_.event_size();
  datagrams_ += datagrams.size();
  size_ = 0;
}

}  // namespace aestream
