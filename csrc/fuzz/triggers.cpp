// Fuzzes the search for triggers in every format that has them.
#include "decode/triggers.hpp"

#include <algorithm>
#include <cstring>

#include "fuzz/fuzz.hpp"

namespace aestream {
namespace {

bool same(const Trigger& a, const Trigger& b) { return std::memcmp(&a, &b, sizeof a) == 0; }

void check(ByteSpan bytes) {
  if (bytes.size() < 4) return;
  const std::uint32_t seed = load_le32(bytes.data());
  const ByteSpan payload = bytes.subspan(4);
  for (const char* format : {"evt2", "evt21", "evt21_legacy", "evt3", "dat"}) {
    const std::vector<Trigger> all = read_triggers(format, payload);
    fuzz::require(all.size() <= payload.size() / 2, "a trigger takes a word");
    const std::vector<Trigger> some = read_triggers(format, payload.first(seed % (payload.size() + 1)));
    fuzz::require(some.size() <= all.size() && std::equal(some.begin(), some.end(), all.begin(), same),
                  "what comes later changes no trigger");
  }
}

}  // namespace
}  // namespace aestream

extern "C" const char* aestream_fuzz_triggers(const std::uint8_t* data, std::size_t size) {
  return aestream::fuzz::report(aestream::check, data, size);
}
