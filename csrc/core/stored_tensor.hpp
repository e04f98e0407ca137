// The tensor of prepared shards: its bytes; or the numbers that are not zero, one behind the other, then their places (u32).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/bytes.hpp"

namespace aestream {

/// How it is written, as shards number it; events have the smaller numbers.
enum class TensorKind : std::uint8_t { Dense = 2, Sparse = 3 };

/// Bytes that one number takes where only those that are not zero are stored.
constexpr std::size_t sparse_bytes(std::size_t cell_bytes) noexcept { return cell_bytes + sizeof(std::uint32_t); }

/// The places of the numbers whose bits are not all zero, in order; nothing if storing them takes no less than all numbers.
/// `cell_bytes` is 1, 2, 4 or 8.
[[nodiscard]] std::optional<std::vector<std::uint32_t>> places_not_zero(ByteSpan tensor, std::size_t cell_bytes);

/// Writes `places.size() * sparse_bytes(cell_bytes)` bytes.
void store_sparse(ByteSpan tensor, std::size_t cell_bytes, const std::vector<std::uint32_t>& places, std::uint8_t* out);

/// The way back, of `count` numbers. False if the bytes do not hold them or a place is not in the tensor.
[[nodiscard]] bool restore_sparse(ByteSpan stored, std::size_t count, std::size_t cell_bytes, MutableByteSpan tensor);

}  // namespace aestream
