// Producers and consumers of streams against each other, for some seconds: stress SECONDS. Exits with 1 and a line when
// an account does not add up; ThreadSanitizer finds the rest.
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <stdexcept>
#include <thread>
#include <vector>

#include "accumulate/frame.hpp"
#include "stream/stream_windows.hpp"
#include "stream/udp_receiver.hpp"
#include "stream/udp_sender.hpp"

namespace aestream {
namespace {

using Clock = EventSink::Clock;
using Random = std::mt19937;

constexpr Geometry sensor{64, 48};

void require(bool holds, const char* what) {
  if (!holds) throw std::runtime_error(what);
}

void require_balance(const StreamCounts& counts) {
  require(counts.received == counts.delivered + counts.pending + counts.out_of_bounds + counts.dropped,
          "received = delivered + pending + out_of_bounds + dropped");
}

std::vector<Event> some_events(std::size_t count, std::int64_t first, Random& random) {
  std::vector<Event> events(count);
  for (std::size_t i = 0; i < count; ++i) {
    store_event(&events[i], first + static_cast<std::int64_t>(i), random() % 70, random() % 50, random() % 2);
  }
  return events;
}

float sum(const Buffer& frame) {
  float all = 0;
  for (std::size_t i = 0; i < frame.size() / sizeof(float); ++i) all += frame.as<const float>()[i];
  return all;
}

/// Windows of time or by count, aligned or not, with a gap or without.
WindowRule some_rule(Random& random) {
  WindowRule rule{random() % 4 > 0, 1000, {}, {}, true, {}};
  if (random() % 2 == 0) rule.align = 17;
  if (random() % 2 == 0) rule.gap = std::chrono::microseconds(200 + random() % 2000);
  return rule;
}

/// Takes frames or windows at random until the sink has ended; looks at the counts all the time.
void consume(const std::shared_ptr<EventSink>& sink, Random& random) {
  StreamWindows windows(sink, some_rule(random), static_cast<Late>(random() % 3),
                        Frame(Frame::Polarity::Split, Element::Float32, {}).accumulator(sink->geometry()));
  double delivered = 0;
  bool ended = false;
  while (!ended || sink->is_streaming()) {
    if (random() % 8 == 0) {
      windows.abandon();
      delivered += sum(sink->take());
    } else if (const auto item = windows.next(Clock::now() + std::chrono::milliseconds(1), Clock::duration::max())) {
      delivered += sum(item->memory);
    }
    ended = windows.ended();
    if (random() % 32 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));  // late
    require_balance(sink->counts());
  }
  require(static_cast<std::uint64_t>(delivered) == sink->counts().delivered, "what was delivered is counted");
  require(sink->counts().pending == 0, "nothing is pending in the end");
}

void push_and_consume(Random& random) {
  const auto sink = std::make_shared<EventSink>(sensor, EventSink::Mode::Undecided, 20'000);
  std::thread producer([&sink, seed = random()] {
    Random own(seed);
    for (std::int64_t i = 0; i < 200; ++i) sink->push(some_events(own() % 3000, i * 1000, own));
    sink->close();
  });
  consume(sink, random);
  producer.join();
}

void send_and_receive(Random& random) {
  const auto sink = std::make_shared<EventSink>(sensor);
  UdpReceiver receiver(sink, {"127.0.0.1", 0, ""}, DatagramFormat::Spif);
  std::atomic<std::uint64_t> sent{0};
  std::vector<std::thread> senders;
  for (int i = 0; i < 2; ++i) {
    senders.emplace_back([&, seed = random()] {
      Random own(seed);
      UdpSender sender({"127.0.0.1", receiver.port(), ""}, {DatagramFormat::Spif, true}, 512, {});
      for (std::int64_t k = 0; k < 20; ++k) sender.send(some_events(1000, k * 1000, own), [] { return true; });
      sent += sender.counts().datagrams;
    });
  }
  std::thread stopper([&] {
    for (auto& sender : senders) sender.join();
    receiver.stop();
  });
  consume(sink, random);
  stopper.join();
  const StreamCounts counts = sink->counts();
  require(counts.packets + counts.kernel_drops == sent, "every datagram was received, or lost by the system");
}

}  // namespace
}  // namespace aestream

int main(int count, char** arguments) {
  const double seconds = count > 1 ? std::atof(arguments[1]) : 1;
  const auto end = aestream::Clock::now() + std::chrono::duration<double>(seconds);
  aestream::Random random(1);
  int rounds = 0;
  try {
    for (; aestream::Clock::now() < end; ++rounds) {
      aestream::push_and_consume(random);
      aestream::send_and_receive(random);
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "broken in round %d: %s\n", rounds, error.what());
    return 1;
  }
  std::printf("%d rounds, nothing broken\n", rounds);
  return 0;
}
