// UDPOutput's core: events into datagrams, sent flat out, in time, or at a rate.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <vector>

#include "encode/datagram.hpp"
#include "stream/udp_socket.hpp"

namespace aestream {

/// How fast events go out: by their times, or so many per second; flat out if both are 0.
struct Pace {
  double speed = 0;    // microseconds of event time per microsecond
  double rate_hz = 0;  // events per second
};

struct SendCounts {
  std::uint64_t events = 0;
  std::uint64_t datagrams = 0;
  std::uint64_t rejected = 0;  // events that the protocol cannot say
};

class UdpSender {
 public:
  /// A datagram has at most `datagram_bytes`, and one event at least.
  UdpSender(const UdpAddress& address, DatagramLayout layout, std::size_t datagram_bytes, Pace pace);

  /// Sends the events, in order, and returns when the last one has been. The pace goes on from one call to the next. Asks
  /// `go_on` every 50 ms or more often, and returns false, with the rest not sent, when that does. Threads take turns.
  bool send(ConstEventSpan events, const std::function<bool()>& go_on);

  SendCounts counts() const { return {events_, datagrams_, rejected_}; }

 private:
  using Clock = std::chrono::steady_clock;

  ConstEventSpan due_together(ConstEventSpan events, Clock::time_point& due);
  void append(const Event& event);
  void flush();

  UdpSocket socket_;
  DatagramLayout layout_;
  std::size_t datagram_size_;  // bytes of a full one
  Pace pace_;

  bool has_begun_ = false;
  Clock::time_point begin_{}, asked_{};  // asked_: go_on(), by whatever call
  std::int64_t first_ = 0, latest_ = 0;  // of the times sent
  std::uint64_t ordinal_ = 0;            // of the next event

  std::mutex mutex_;                 // held by send()
  std::vector<std::uint8_t> bytes_;  // whole datagrams, then one that is not full yet
  std::size_t size_ = 0;
  std::atomic<std::uint64_t> events_{0}, datagrams_{0}, rejected_{0};
};

}  // namespace aestream
