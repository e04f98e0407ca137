// The types that a column's numbers may have.
#include "decode/column.hpp"

namespace aestream {

std::size_t size_of(Number number) noexcept {
  switch (number) {
    case Number::I8:
    case Number::U8: return 1;
    case Number::I16:
    case Number::U16:
    case Number::F16: return 2;
    case Number::I32:
    case Number::U32:
    case Number::F32: return 4;
    default: return 8;
  }
}

bool Column::holds(std::uint64_t rows) const noexcept {
  const std::size_t size = size_of(number);
  if (rows == 0) return true;
  if (bytes.size() < size || begin > bytes.size() - size) return false;
  return stride == 0 || rows - 1 <= (bytes.size() - size - begin) / stride;
}

bool set_type(Column& column, std::string_view dtype) noexcept {
  constexpr std::pair<std::string_view, Number> types[] = {
      {"b1", Number::U8},  {"i1", Number::I8},  {"i2", Number::I16}, {"i4", Number::I32},
      {"i8", Number::I64}, {"u1", Number::U8},  {"u2", Number::U16}, {"u4", Number::U32},
      {"u8", Number::U64}, {"f2", Number::F16}, {"f4", Number::F32}, {"f8", Number::F64},
  };
  if (dtype.size() != 3) return false;
  for (const auto& [name, number] : types) {
    if (dtype.substr(1) != name) continue;
    column.number = number;
    column.big_endian = dtype[0] == '>';
    return true;
  }
  return false;
}

}  // namespace aestream
