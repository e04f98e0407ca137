// Receiving: as many datagrams at a time as there are, so that a wake-up, a lock and a look at the clock serve many events.
#include "stream/udp_receiver.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <thread>

namespace aestream {
namespace {

constexpr std::size_t wanted_buffer = std::size_t{32} << 20;  // bytes: a flood of 40 MB/s for most of a second
constexpr std::size_t max_datagram_events = 65536 / 4;
constexpr std::size_t events_at_once = 8192;  // are pushed together: they stay in the cache
constexpr std::chrono::milliseconds busy{1};  // between wake-ups that follow each other closely
constexpr std::chrono::microseconds gathering{150};
constexpr std::chrono::milliseconds max_drain{50};

}  // namespace

WakePipe::WakePipe() {
  if (pipe(ends_.data()) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  for (const int end : ends_) fcntl(end, F_SETFD, FD_CLOEXEC);
}

WakePipe::~WakePipe() { close(); }

void WakePipe::close() {
  for (int& end : ends_) {
    if (end >= 0) ::close(end);
    end = -1;
  }
}

void WakePipe::wake() const {
  if (ends_[1] < 0) return;
  while (write(ends_[1], "", 1) < 0 && errno == EINTR) {
  }
}

UdpReceiver::UdpReceiver(std::shared_ptr<EventSink> sink, const UdpAddress& address, DatagramFormat format)
    : sink_(std::move(sink)),
      socket_(UdpSocket::bind(address, wanted_buffer)),
      format_(format),
      port_(socket_.port()),
      receive_buffer_(socket_.receive_buffer()),
      events_(std::make_unique_for_overwrite<Event[]>(events_at_once + max_datagram_events)) {
  thread_ = OwnThread([this] { run(); });
}

void UdpReceiver::stop() {
  if (!thread_.is_foreign()) stop_.wake();
  thread_.join();
  stop_.close();
  socket_.close();
}

void UdpReceiver::run() {
  std::exception_ptr error;
  try {
    receive();
    drain();
  } catch (...) {
    error = std::current_exception();
  }
  push();
  count_kernel_drops();
  sink_->close(std::move(error));
}

void UdpReceiver::receive() {
  std::size_t full_batches = 0;
  while (true) {
    const bool is_flood = receive_batch() == ReceiveBatch::room;
    full_batches = is_flood ? full_batches + 1 : 0;
    if (full_batches % 16 == 0 && !wait(is_flood)) return;
  }
}

/// What came before stop() is received, too.
void UdpReceiver::drain() {
  const Clock::time_point end = Clock::now() + max_drain;
  while (receive_batch() > 0 && Clock::now() < end) {
  }
}

/// Returns false when the receiver shall stop. A flood, which has left more to receive, is not waited for; on a busy
/// stream some datagrams are let gather, for fewer wake-ups.
bool UdpReceiver::wait(bool is_flood) {
  std::array<pollfd, 2> sources{pollfd{stop_.descriptor(), POLLIN, 0}, pollfd{socket_.descriptor(), POLLIN, 0}};
  while (poll(sources.data(), is_flood ? 1 : 2, is_flood ? 0 : -1) < 0) {
    if (errno != EINTR) throw std::system_error(errno, std::generic_category(), "poll");
  }
  if (sources[0].revents != 0) return false;
  if (is_flood) return true;
  const Clock::time_point now = Clock::now();
  if (now - woken_ < busy) std::this_thread::sleep_for(gathering);
  woken_ = now;
  return true;
}

std::size_t UdpReceiver::receive_batch() {
  const std::size_t count = batch_.receive(socket_.descriptor());
  if (count == 0) return 0;
  const auto arrival = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin_).count();
  std::uint64_t malformed = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const EventSpan room(events_.get() + num_events_, max_datagram_events);
    const Datagram decoded = decode_datagram(format_, batch_.datagram(i), clocks_.of(batch_.sender(i)), arrival, room);
    malformed += decoded.is_malformed;
    num_events_ += decoded.events;
    if (num_events_ >= events_at_once) push();
  }
  push();
  sink_->count_packets(count, malformed);
  count_kernel_drops();
  return count;
}

void UdpReceiver::push() {
  sink_->push({events_.get(), num_events_});
  num_events_ = 0;
}

void UdpReceiver::count_kernel_drops() {
  const auto drops = socket_.kernel_drops();
  if (!drops || *drops == drops_) return;
  sink_->count_kernel_drops(*drops - drops_);
  drops_ = *drops;
}

}  // namespace aestream
