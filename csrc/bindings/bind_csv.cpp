// Text recordings: the dialect comes from Python, which has looked at the first lines.
#include <algorithm>
#include <array>
#include <string_view>

#include "bindings/tables.hpp"
#include "decode/csv_survey.hpp"
#include "recording/recording.hpp"
#include "recording/stream_source.hpp"

namespace aestream {
namespace {

/// `columns` are those of t, x, y, p, among `num_columns` of every line.
CsvDialect make_dialect(char separator, const std::array<int, 4>& columns, int num_columns) {
  if (std::string_view(",; \t").find(separator) == std::string_view::npos) {
    throw py::value_error("a separator is a comma, a semicolon, a tab or a space");
  }
  if (num_columns < 4 || num_columns > 255) throw py::value_error("a line has from 4 to 255 columns");
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i] < 0 || columns[i] >= num_columns) throw py::value_error("a column lies behind the last one");
    if (std::count(columns.begin(), columns.end(), columns[i]) != 1) throw py::value_error("a column is used twice");
  }
  const auto place = [&columns](std::size_t i) { return static_cast<std::uint8_t>(columns[i]); };
  return {static_cast<std::uint8_t>(separator),  place(0), place(1), place(2), place(3),
          static_cast<std::uint8_t>(num_columns)};
}

std::unique_ptr<Recording> open_csv(std::shared_ptr<MappedFile> file, std::size_t begin, char separator,
                                    const std::array<int, 4>& columns, int num_columns, int power,
                                    std::optional<int> off) {
  if (begin > file->bytes().size()) throw py::value_error("begin lies behind the end of the file");
  if (power != 6 && power != 3 && power != 0 && power != -3) throw py::value_error("power is 6, 3, 0 or -3");
  CsvDialect dialect = make_dialect(separator, columns, num_columns);
  dialect.power = static_cast<std::int8_t>(power);
  dialect.off = to_off(off);
  auto decoder = std::make_unique<CsvDecoder>(dialect);
  auto source = std::make_unique<StreamSource>(file, std::move(decoder), begin);
  return std::make_unique<Recording>(std::move(file), std::move(source));
}

/// (how times are written: "integer", "whole" or "fraction"; what stands for OFF: 0, -1 or None), of all lines.
py::tuple survey_text(const MappedFile& file, std::size_t begin, char separator, const std::array<int, 4>& columns,
                      int num_columns) {
  const CsvDialect dialect = make_dialect(separator, columns, num_columns);
  CsvSurvey found;
  {
    const py::gil_scoped_release released;
    begin = std::min(begin, file.bytes().size());
    found = survey(file.bytes().subspan(begin), dialect, [&](std::size_t first, std::size_t last) {
      check_interrupt();
      if (file.is_large()) file.forget(begin + first, begin + last);
    });
  }
  const char* const times = found.times == Spelling::Fraction ? "fraction"
                            : found.times == Spelling::Whole  ? "whole"
                                                              : "integer";
  const py::object off = found.off == Off::Either ? py::none() : py::object(py::int_(found.off == Off::Zero ? 0 : -1));
  return py::make_tuple(times, off);
}

}  // namespace

void register_csv(py::module_& module) {
  module.def("open_csv", &open_csv, py::arg("file"), py::arg("begin"), py::kw_only(), py::arg("separator"),
             py::arg("columns"), py::arg("num_columns"), py::arg("power"), py::arg("off") = std::nullopt);
  module.def("survey_csv", &survey_text, py::arg("file"), py::arg("begin"), py::kw_only(), py::arg("separator"),
             py::arg("columns"), py::arg("num_columns"));
}

}  // namespace aestream
