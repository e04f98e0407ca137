// Tensors are looked through 64 bytes at a time: where they are worth storing this way, most of those are zeros.
#include "core/stored_tensor.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace aestream {
namespace {

constexpr std::size_t block_bytes = 64, word_bytes = 8;

/// Calls with a number of the type that has so many bytes.
template <class Function>
auto with_cell(std::size_t cell_bytes, const Function& function) {
  switch (cell_bytes) {
    case 1: return function(std::uint8_t{});
    case 2: return function(std::uint16_t{});
    case 4: return function(std::uint32_t{});
    case 8: return function(std::uint64_t{});
    default: throw std::invalid_argument("a number has 1, 2, 4 or 8 bytes");
  }
}

std::uint64_t any_bits(const std::uint8_t* block) noexcept {
  std::uint64_t any = 0;
  for (std::size_t i = 0; i < block_bytes; i += word_bytes) any |= load_le64(block + i);
  return any;
}

class Finder {
 public:
  /// It stops beyond so many places.
  explicit Finder(std::size_t most) : most_(most) {}

  /// Whether there are no more than those.
  template <class Cell>
  bool find(ByteSpan tensor) {
    std::size_t at = 0;
    for (; at + block_bytes <= tensor.size(); at += block_bytes) {
      if (any_bits(&tensor[at]) == 0) continue;
      make_room();
      for (std::size_t i = 0; i < block_bytes; i += word_bytes) {
        if (load_le64(&tensor[at + i]) != 0) add<Cell>(&tensor[at + i], at + i, word_bytes);
      }
      if (found_ > most_) return false;
    }
    make_room();
    add<Cell>(tensor.data() + at, at, tensor.size() - at);
    return found_ <= most_;
  }

  std::vector<std::uint32_t> take() {
    places_.resize(found_);
    return std::move(places_);
  }

 private:
  void make_room() {
    if (places_.size() < found_ + block_bytes) places_.resize(2 * places_.size() + block_bytes);
  }

  template <class Cell>
  void add(const std::uint8_t* bytes, std::size_t at, std::size_t size) {
    std::uint32_t* const places = places_.data();
    std::size_t found = found_;
    for (std::size_t i = 0; i < size; i += sizeof(Cell)) {
      places[found] = static_cast<std::uint32_t>((at + i) / sizeof(Cell));
      found += static_cast<std::size_t>(load_le<Cell>(bytes + i) != 0);
    }
    found_ = found;
  }

  std::size_t most_, found_ = 0;
  std::vector<std::uint32_t> places_;  // a block's more than are found
};

}  // namespace

std::optional<std::vector<std::uint32_t>> places_not_zero(ByteSpan tensor, std::size_t cell_bytes) {
  return with_cell(cell_bytes, [&](auto cell) -> std::optional<std::vector<std::uint32_t>> {
    if (tensor.empty() || tensor.size() / cell_bytes > std::size_t{1} << 32) return std::nullopt;
    Finder finder((tensor.size() - 1) / sparse_bytes(cell_bytes));
    if (!finder.find<decltype(cell)>(tensor)) return std::nullopt;
    return finder.take();
  });
}

void store_sparse(ByteSpan tensor, std::size_t cell_bytes, const std::vector<std::uint32_t>& places,
                  std::uint8_t* out) {
  with_cell(cell_bytes, [&](auto cell) {
    for (const std::uint32_t place : places) {
      std::memcpy(out, &tensor[place * sizeof cell], sizeof cell);
      out += sizeof cell;
    }
  });
  if (!places.empty()) std::memcpy(out, places.data(), places.size() * sizeof places[0]);
}

bool restore_sparse(ByteSpan stored, std::size_t count, std::size_t cell_bytes, MutableByteSpan tensor) {
  if (count > stored.size() / sparse_bytes(cell_bytes)) return false;
  std::fill(tensor.begin(), tensor.end(), std::uint8_t{0});
  return with_cell(cell_bytes, [&](auto cell) {
    const std::uint8_t *number = stored.data(), *place = number + count * sizeof cell;
    const std::size_t cells = tensor.size() / sizeof cell;
    for (std::size_t i = 0; i < count; ++i, number += sizeof cell, place += sizeof(std::uint32_t)) {
      const std::size_t at = load_le32(place);
      if (at >= cells) return false;
      std::memcpy(&tensor[at * sizeof cell], number, sizeof cell);
    }
    return true;
  });
}

}  // namespace aestream
