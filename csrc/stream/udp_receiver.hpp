// UDPInput's producer: a thread that receives datagrams, decodes them and pushes their events.
#pragma once

#include <array>
#include <memory>

#include "core/own_thread.hpp"
#include "decode/datagram.hpp"
#include "stream/datagram_batch.hpp"
#include "stream/event_sink.hpp"
#include "stream/senders.hpp"
#include "stream/udp_socket.hpp"

namespace aestream {

/// The two ends of a pipe, by which one thread wakes another from poll().
class WakePipe {
 public:
  WakePipe();
  WakePipe(const WakePipe&) = delete;
  WakePipe& operator=(const WakePipe&) = delete;
  ~WakePipe();

  void wake() const;
  void close();  // nobody waits any more
  int descriptor() const { return ends_[0]; }

 private:
  std::array<int, 2> ends_;
};

/// Receives from when it is made. Events without a timestamp get microseconds since then.
class UdpReceiver {
 public:
  UdpReceiver(std::shared_ptr<EventSink> sink, const UdpAddress& address, DatagramFormat format);
  UdpReceiver(const UdpReceiver&) = delete;
  UdpReceiver& operator=(const UdpReceiver&) = delete;
  ~UdpReceiver() { stop(); }

  /// Ends within milliseconds, after what the system had received was taken; closes the sink and frees the port.
  void stop();

  std::uint16_t port() const { return port_; }
  std::size_t receive_buffer() const { return receive_buffer_; }

 private:
  using Clock = EventSink::Clock;

  void run();
  void receive();
  void drain();
  bool wait(bool is_flood);
  std::size_t receive_batch();
  void push();
  void count_kernel_drops();

  std::shared_ptr<EventSink> sink_;
  UdpSocket socket_;
  DatagramFormat format_;
  std::uint16_t port_;
  std::size_t receive_buffer_;

  WakePipe stop_;
  Clock::time_point begin_ = Clock::now();
  Clock::time_point woken_{};
  ReceiveBatch batch_;
  std::unique_ptr<Event[]> events_;  // decoded, not pushed yet
  std::size_t num_events_ = 0;
  SenderClocks clocks_;
  std::uint32_t drops_ = 0;  // as the system counts them
  OwnThread thread_;         // last: it uses everything above
};

}  // namespace aestream
