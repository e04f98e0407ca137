// The checks: whole, in chunks, into little room, counted, and started in the middle.
#include "fuzz/fuzz.hpp"

#include <algorithm>
#include <exception>
#include <functional>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "decode/registry.hpp"

namespace aestream::fuzz {
namespace {

using Random = std::minstd_rand;
using Room = std::function<std::size_t()>;  // for how many events each call of decode() gets room

constexpr std::uint8_t canary = 0xA5;
constexpr std::size_t guard = 8;  // events behind the room that a decoder is given

std::size_t below(Random& random, std::size_t end) { return random() % end; }

/// What decoding came to: events, and where it ended.
struct Outcome {
  std::vector<Event> events;
  State state;
  std::size_t bytes = 0;
  std::optional<std::uint64_t> error;  // offset of the FormatError, from the start of the payload
};

bool same(const Event& a, const Event& b, std::int64_t shift) {
  return a.t == b.t + shift && a.x == b.x && a.y == b.y && a.p == b.p;
}

bool same(ConstEventSpan a, ConstEventSpan b, std::int64_t shift = 0) {
  return std::ranges::equal(a, b, [shift](const Event& left, const Event& right) { return same(left, right, shift); });
}

std::int64_t latest(ConstEventSpan events) {
  std::int64_t result = no_time;
  for (const Event& event : events) result = std::max(result, event.t);
  return result;
}

/// Calls decode() or finish() with `room` events between canaries, on a copy of `bytes` that ends where they end.
template <class Call>
Progress call_guarded(ByteSpan bytes, std::size_t room, std::vector<Event>& events, const Call& call) {
  const std::vector<std::uint8_t> input(bytes.begin(), bytes.end());
  std::vector<Event> out(room + guard);
  std::memset(static_cast<void*>(out.data()), canary, out.size() * sizeof(Event));
  const Progress progress = call(ByteSpan(input), EventSpan(out).first(room));
  require(progress.bytes <= bytes.size(), "no more bytes are consumed than there are");
  require(progress.events <= room, "no more events are written than there is room for");
  const auto* tail = reinterpret_cast<const std::uint8_t*>(out.data() + room);
  require(std::all_of(tail, tail + guard * sizeof(Event), [](std::uint8_t byte) { return byte == canary; }),
          "nothing is written behind the room");
  for (std::size_t i = 0; i < progress.events; ++i) {
    require(out[i].p <= 1, "polarity is 0 or 1");
    require(out[i].zero[0] == 0 && out[i].zero[1] == 0 && out[i].zero[2] == 0, "pad bytes are zero");
  }
  events.insert(events.end(), out.begin(), out.begin() + static_cast<std::ptrdiff_t>(progress.events));
  return progress;
}

/// Decodes payload[done.bytes, end) until a call makes no progress, `room()` events at a time.
void decode_up_to(const Decoder& decoder, ByteSpan payload, std::size_t end, const Room& room, Outcome& done) {
  while (true) {
    const Progress progress =
        call_guarded(payload.subspan(done.bytes, end - done.bytes), room(), done.events,
                     [&](ByteSpan bytes, EventSpan out) { return decoder.decode(bytes, done.state, out); });
    done.bytes += progress.bytes;
    if (progress.bytes == 0 && progress.events == 0) return;
  }
}

void finish(const Decoder& decoder, ByteSpan payload, Outcome& done) {
  const std::size_t room = std::max<std::size_t>(decoder.max_events_per_word(), 64);
  done.bytes += call_guarded(payload.subspan(done.bytes), room, done.events, [&](ByteSpan bytes, EventSpan out) {
                  return decoder.finish(bytes, done.state, out);
                }).bytes;
}

/// Feeds the payload in chunks that end at `cuts`, from `done` on.
Outcome decode(const Decoder& decoder, ByteSpan payload, const std::vector<std::size_t>& cuts, const Room& room,
               Outcome done = {}) {
  try {
    for (const std::size_t cut : cuts) {
      if (cut >= done.bytes) decode_up_to(decoder, payload, cut, room, done);
    }
    decode_up_to(decoder, payload, payload.size(), room, done);
    finish(decoder, payload, done);
  } catch (const FormatError& error) {
    done.error = error.offset() + done.bytes;
    require(*done.error <= payload.size(), "an error lies within the bytes");
  }
  return done;
}

/// Whether two ways of feeding came to the same. Events of the call that threw are lost, so errors compare by offset.
void require_same(const Outcome& got, const Outcome& want, const char* contract) {
  require(got.error == want.error, contract);
  if (got.error) return;
  require(same(got.events, want.events) && got.bytes == want.bytes && got.state.wraps == want.state.wraps, contract);
}

std::vector<std::size_t> random_cuts(Random& random, std::size_t size) {
  std::vector<std::size_t> cuts(1 + below(random, 8));
  for (std::size_t& cut : cuts) cut = below(random, size + 1);
  std::ranges::sort(cuts);
  return cuts;
}

void check_align(const Decoder& decoder, ByteSpan payload, Random& random) {
  const std::size_t offset = below(random, payload.size() + 1), aligned = decoder.align(payload, offset);
  require(aligned >= offset && aligned <= payload.size(), "align() gives a boundary at or after the offset");
  require(decoder.align(payload, aligned) == aligned, "a boundary is aligned");
}

/// scan() of [done, end) counts what decode() gives, and leaves a state from which decoding goes on alike.
void check_scan(const Decoder& decoder, ByteSpan payload, std::size_t end, Outcome& done) {
  State state = done.state;
  const std::vector<std::uint8_t> input(payload.begin() + static_cast<std::ptrdiff_t>(done.bytes),
                                        payload.begin() + static_cast<std::ptrdiff_t>(end));
  const Scan scan = decoder.scan(input, state, true);
  State untimed_state = done.state;
  const Scan untimed = decoder.scan(input, untimed_state, false);
  const std::size_t before = done.events.size(), first = done.bytes;
  decode_up_to(decoder, payload, end, [&] { return std::max<std::size_t>(decoder.max_events_per_word(), 256); }, done);
  const ConstEventSpan events = ConstEventSpan(done.events).subspan(before);
  require(scan.events == events.size() && untimed.events == events.size(), "scan() counts the events of decode()");
  require(scan.bytes == done.bytes - first && untimed.bytes == scan.bytes, "scan() consumes the bytes of decode()");
  require(scan.time_bound >= latest(events), "no event is later than scan()'s bound");
  require(state.wraps == done.state.wraps && untimed_state.wraps == done.state.wraps, "scan() counts decode()'s wraps");
  done.state = state;
}

/// Decoding that is resumed at a boundary from look_back() gives the rest of the events, but for the wraps before.
void check_look_back(const Decoder& decoder, ByteSpan payload, Random& random) {
  const std::size_t offset = decoder.align(payload, below(random, payload.size() + 1));
  const auto room = [&] { return std::max<std::size_t>(decoder.max_events_per_word(), 256); };
  Outcome before;
  decode_up_to(decoder, payload, offset, room, before);
  if (before.bytes != offset) return;  // a cut word at the end
  Outcome resumed;
  resumed.bytes = offset;
  resumed.state = decoder.look_back(payload, offset);
  require(resumed.state.wraps == 0, "look_back() counts wraps from 0");
  const std::int64_t wraps = before.state.wraps;
  before.events.clear();
  const Outcome want = decode(decoder, payload, {}, room, before), got = decode(decoder, payload, {}, room, resumed);
  require(got.error == want.error, "an error is found from look_back()'s state too");
  if (got.error) return;
  require(got.state.wraps + wraps == want.state.wraps, "wraps after look_back() add to those before");
  require(same(want.events, got.events, wraps * decoder.wrap_period()), "look_back() gives the state of decoding");
}

}  // namespace

void require(bool holds, const char* contract) {
  if (!holds) throw Violation{contract};
}

void check_decoder(const Decoder& decoder, ByteSpan payload, std::uint32_t seed) {
  Random random(seed);
  const std::size_t least = std::max<std::size_t>(decoder.max_events_per_word(), 1);
  const Outcome whole = decode(decoder, payload, {}, [&] { return least + 4096; });
  const Outcome chunked = decode(decoder, payload, random_cuts(random, payload.size()), [&] { return least + 64; });
  require_same(chunked, whole, "any chunking gives the same events");
  const Outcome cramped =
      decode(decoder, payload, random_cuts(random, payload.size()), [&] { return least + below(random, 3); });
  require_same(cramped, whole, "any room gives the same events");
  for (int i = 0; i < 4; ++i) check_align(decoder, payload, random);
  if (whole.error) return;
  const Outcome exact = decode(decoder, payload, {}, [&, used = false]() mutable {
    return std::exchange(used, true) ? least : std::max<std::size_t>(whole.events.size(), 1);
  });
  require_same(exact, whole, "room for all the events is enough");
  Outcome scanned;
  for (const std::size_t cut : random_cuts(random, payload.size())) {
    check_scan(decoder, payload, std::max(decoder.align(payload, cut), scanned.bytes), scanned);
  }
  check_scan(decoder, payload, payload.size(), scanned);
  finish(decoder, payload, scanned);
  require_same(scanned, whole, "decoding goes on after scan() as after decode()");
  for (int i = 0; i < 4 && decoder.splits(); ++i) check_look_back(decoder, payload, random);
}

void check_decoder(const char* name, ByteSpan bytes) {
  if (bytes.size() < 4) return;
  check_decoder(*make_decoder(name), bytes.subspan(4), load_le32(bytes.data()));
}

const char* report(void (*check)(ByteSpan), const std::uint8_t* data, std::size_t size) {
  thread_local std::string message;
  try {
    check({data, size});
    return nullptr;
  } catch (const FormatError&) {
    return nullptr;
  } catch (const Violation& violation) {
    message = "broken: " + violation.message;
  } catch (const std::exception& error) {
    message = std::string("unexpected exception: ") + error.what();
  }
  return message.c_str();
}

}  // namespace aestream::fuzz
