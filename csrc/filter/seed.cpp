// NumPy promises that its SeedSequence stays as it is: a pool of four words that every word of the address is mixed into.
#include "filter/seed.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace aestream {
namespace {

constexpr std::uint32_t folded(std::uint32_t value) { return value ^ value >> 16; }

/// Changes from one number to the next.
class Hash {
 public:
  Hash(std::uint32_t constant, std::uint32_t factor) : constant_(constant), factor_(factor) {}

  std::uint32_t operator()(std::uint32_t value) {
    value ^= constant_;
    constant_ *= factor_;
    return folded(value * constant_);
  }

 private:
  std::uint32_t constant_, factor_;
};

std::uint32_t mixed(std::uint32_t x, std::uint32_t y) { return folded(0xCA01F9DD * x - 0x4973F715 * y); }

/// Numbers as 32-bit words, the low one first, without a high one that is zero.
std::vector<std::uint32_t> words_of(std::span<const std::uint64_t> numbers) {
  std::vector<std::uint32_t> words;
  for (const std::uint64_t number : numbers) {
    words.push_back(static_cast<std::uint32_t>(number));
    if (number >> 32 != 0) words.push_back(static_cast<std::uint32_t>(number >> 32));
  }
  return words;
}

}  // namespace

std::uint64_t seed_of(std::span<const std::uint64_t> address) {
  std::vector<std::uint32_t> words = words_of(address);
  std::array<std::uint32_t, 4> pool;
  words.resize(std::max(words.size(), pool.size()));
  Hash hash(0x43B0D7E5, 0x931E8875);
  for (std::size_t i = 0; i < pool.size(); ++i) pool[i] = hash(words[i]);
  for (std::size_t from = 0; from < pool.size(); ++from) {
    for (std::size_t to = 0; to < pool.size(); ++to) {
      if (from != to) pool[to] = mixed(pool[to], hash(pool[from]));
    }
  }
  for (std::size_t i = pool.size(); i < words.size(); ++i) {
    for (std::uint32_t& word : pool) word = mixed(word, hash(words[i]));
  }
  Hash out(0x8B51F9DD, 0x58F38DED);
  const std::uint64_t low = out(pool[0]);
  return low | std::uint64_t{out(pool[1])} << 32;
}

}  // namespace aestream
