// Events that lie in rows: any row can be read, in blocks whose rows cost least together.
#pragma once

#include <memory>

#include "core/error.hpp"
#include "core/mapped_file.hpp"
#include "decode/columns.hpp"

namespace aestream {

/// Called from several threads at once.
class EventTable {
 public:
  explicit EventTable(std::uint64_t num_events) : num_events_(num_events) {}
  virtual ~EventTable() = default;

  std::uint64_t num_events() const noexcept { return num_events_; }

  /// Rows that are decoded together, from the first row on; 0 where any row can be read alone.
  virtual std::size_t block() const noexcept = 0;

  /// Reads rows [first, first + out.size()), all of one block and from its start.
  virtual void read(std::uint64_t first, EventSpan out) const = 0;

  /// The latest time of rows [first, first + count), all of one block and from its start.
  virtual std::int64_t latest(std::uint64_t first, std::size_t count) const = 0;

  /// Bytes from the start of the file to a row, or to its time where columns lie apart; 0 where rows lie in no order.
  virtual std::uint64_t offset(std::uint64_t) const { return 0; }

  /// Drops the mapped pages of the rows whose offsets are in [first, last).
  virtual void forget(std::uint64_t, std::uint64_t) const {}

 private:
  std::uint64_t num_events_;
};

/// call(), whose FormatError counts its offset from bytes that are not the file's.
template <class Call>
auto without_offset(const Call& call) {
  try {
    return call();
  } catch (const FormatError& error) {
    throw FormatError(no_offset, error.what());
  }
}

/// Columns that lie in a file, or in other memory.
class ColumnTable final : public EventTable {
 public:
  /// The columns hold `num_events` rows: of the file, or if that is null, of memory that `owner` keeps.
  ColumnTable(const Columns& columns, std::uint64_t num_events, std::shared_ptr<const MappedFile> file,
              std::shared_ptr<const void> owner);

  std::size_t block() const noexcept override { return 0; }
  void read(std::uint64_t first, EventSpan out) const override;
  std::int64_t latest(std::uint64_t first, std::size_t count) const override;
  std::uint64_t offset(std::uint64_t row) const override;
  void forget(std::uint64_t first, std::uint64_t last) const override;

 private:
  Columns columns_;
  std::shared_ptr<const MappedFile> file_;
  std::shared_ptr<const void> owner_;
  bool in_rows_ = false;  // the file's rows lie one behind the other
};

}  // namespace aestream
