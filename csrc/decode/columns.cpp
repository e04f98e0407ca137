// A stretch of rows at a time: each column into an array of its event field, then the four arrays into events.
#include "decode/columns.hpp"

#include <array>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>

#include "core/error.hpp"

namespace aestream {
namespace {

constexpr std::size_t stretch = 512;  // rows: their fields stay in L1

template <class Load>
using Loaded = std::decay_t<std::invoke_result_t<Load, std::size_t>>;

/// Each of these fills out[0, count) and returns whether every number fitted.
struct ToCoordinate {
  static constexpr const char* expected = "a whole number from -32768 to 32767";

  template <class Load>
  bool operator()(const Load& load, std::size_t count, std::int16_t* out) const {
    using T = Loaded<Load>;
    unsigned misfits = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const T value = load(i);
      if constexpr (std::is_floating_point_v<T>) {
        out[i] = static_cast<std::int16_t>(value >= -32768 && value <= 32767 ? value : T{0});
        misfits |= value != static_cast<T>(out[i]);
      } else {
        out[i] = static_cast<std::int16_t>(value);
        misfits |= !std::in_range<std::int16_t>(value);
      }
    }
    return misfits == 0;
  }
};

struct ToPolarity {
  static constexpr const char* expected = "0 or 1, or throughout -1 and 1";
  Off off;

  template <class Load>
  bool operator()(const Load& load, std::size_t count, std::uint8_t* out) const {
    using T = Loaded<Load>;
    unsigned misfits = 0;
    if (off == Off::Zero) {  // most recordings, in a loop without branches
      for (std::size_t i = 0; i < count; ++i) {
        const T value = load(i);
        out[i] = value == T{1};
        misfits |= (value != T{0}) & (value != T{1});
      }
    } else {
      for (std::size_t i = 0; i < count; ++i) {
        const T value = load(i);
        out[i] = value == T{1};
        misfits |= value != T{1} && !is_off(value, off);
      }
    }
    return misfits == 0;
  }
};

struct ToTime {
  static constexpr const char* expected = "a time that fits 64 bits of microseconds";
  Units unit;

  template <class Load>
  bool operator()(const Load& load, std::size_t count, std::int64_t* out) const {
    using T = Loaded<Load>;
    if constexpr (std::is_integral_v<T>) {
      if (unit.us == 1) return copy(load, count, out) && add_offset(count, out);
      if (unit.us == 1e3 || unit.us == 1e6) return multiply(load, count, out) && add_offset(count, out);
      if (unit.us == 1e-3) return divide(load, count, out) && add_offset(count, out);
    }
    return scale(load, count, out) && add_offset(count, out);
  }

  template <class Load>
  static bool copy(const Load& load, std::size_t count, std::int64_t* out) {
    unsigned misfits = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const auto value = load(i);
      out[i] = static_cast<std::int64_t>(value);
      misfits |= !std::in_range<std::int64_t>(value);
    }
    return misfits == 0;
  }

  /// Whole milliseconds or seconds: exactly, however large.
  template <class Load>
  bool multiply(const Load& load, std::size_t count, std::int64_t* out) const {
    const auto factor = static_cast<std::int64_t>(unit.us);
    const std::int64_t most = std::numeric_limits<std::int64_t>::max() / factor;
    unsigned misfits = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const auto value = load(i);
      const bool fits = std::cmp_less_equal(value, most) && std::cmp_greater_equal(value, -most);
      out[i] = fits ? static_cast<std::int64_t>(value) * factor : 0;
      misfits |= !fits;
    }
    return misfits == 0;
  }

  /// Whole nanoseconds: to the nearest, halves upwards; through a float, times since 1970 would lose theirs.
  template <class Load>
  static bool divide(const Load& load, std::size_t count, std::int64_t* out) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto value = load(i);
      const auto rest = static_cast<int>(value % 1000);
      const auto whole = static_cast<std::int64_t>(value / 1000);
      out[i] = whole + (rest >= 500) - (rest < -500);
    }
    return true;
  }

  /// To the nearest, of two to the even one.
  template <class Load>
  bool scale(const Load& load, std::size_t count, std::int64_t* out) const {
    unsigned misfits = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const double stored = static_cast<double>(load(i));
      const double value = unit.us == 1e-3 ? stored / 1e3 : stored * unit.us;
      const bool fits = value >= -0x1p63 && value < 0x1p63;
      const double safe = fits ? value : 0;
      const auto whole = static_cast<std::int64_t>(safe);
      const double rest = safe - static_cast<double>(whole);
      const bool is_odd = (whole & 1) != 0;
      out[i] = whole + (rest > 0.5 || (rest == 0.5 && is_odd)) - (rest < -0.5 || (rest == -0.5 && is_odd));
      misfits |= !fits;
    }
    return misfits == 0;
  }

  bool add_offset(std::size_t count, std::int64_t* out) const {
    if (unit.offset_us == 0) return true;
    std::int64_t overflows = 0;  // in the sign
    const auto offset = static_cast<std::uint64_t>(unit.offset_us);
    for (std::size_t i = 0; i < count; ++i) {
      const auto sum = static_cast<std::int64_t>(static_cast<std::uint64_t>(out[i]) + offset);
      overflows |= (out[i] ^ sum) & (unit.offset_us ^ sum);
      out[i] = sum;
    }
    return overflows >= 0;
  }
};

template <class Convert, class Out>
[[noreturn]] void fail(const Columns& all, const Column& column, const char* name, std::uint64_t first,
                       std::size_t count, const Convert& convert, Out* out) {
  with_loader(column, first, [&](auto load) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto one = [&](std::size_t) { return load(i); };
      if (convert(one, 1, out)) continue;
      throw FormatError(column.begin + (first + i) * column.stride,
                        "row " + std::to_string(all.first_row + first + i) + ": expected for " + name + ' ' +
                            Convert::expected + ", found " + std::to_string(load(i)));
    }
  });
  throw FormatError(column.begin, std::string("expected for ") + name + ' ' + Convert::expected);
}

template <class Convert, class Out>
void unpack(const Columns& all, const Column& column, const char* name, std::uint64_t first, std::size_t count,
            const Convert& convert, Out* out) {
  const bool fits = with_loader(column, first, [&](auto load) { return convert(load, count, out); });
  if (!fits) fail(all, column, name, first, count, convert, out);
}

}  // namespace

bool Columns::hold(std::uint64_t rows) const noexcept {
  return t.holds(rows) && x.holds(rows) && y.holds(rows) && p.holds(rows);
}

void pack(const Columns& columns, std::uint64_t first, EventSpan out) {
  std::array<std::int64_t, stretch> t;
  std::array<std::int16_t, stretch> x, y;
  std::array<std::uint8_t, stretch> p;
  for (std::size_t done = 0; done < out.size(); done += stretch) {
    const std::size_t count = std::min(stretch, out.size() - done);
    unpack(columns, columns.t, "t", first + done, count, ToTime{columns.unit}, t.data());
    unpack(columns, columns.x, "x", first + done, count, ToCoordinate{}, x.data());
    unpack(columns, columns.y, "y", first + done, count, ToCoordinate{}, y.data());
    unpack(columns, columns.p, "p", first + done, count, ToPolarity{columns.unit.off}, p.data());
    for (std::size_t i = 0; i < count; ++i) {
      store_event(&out[done + i], t[i], static_cast<std::uint16_t>(x[i]), static_cast<std::uint16_t>(y[i]), p[i]);
    }
  }
}

std::int64_t latest_time(const Columns& columns, std::uint64_t first, std::size_t count) {
  std::array<std::int64_t, stretch> t;
  std::int64_t latest = no_time;
  for (std::size_t done = 0; done < count; done += stretch) {
    const std::size_t part = std::min(stretch, count - done);
    unpack(columns, columns.t, "t", first + done, part, ToTime{columns.unit}, t.data());
    for (std::size_t i = 0; i < part; ++i) latest = std::max(latest, t[i]);
  }
  return latest;
}

}  // namespace aestream
