// The representations: options as words become options as values.
#include <map>
#include <optional>
#include <string>

#include "accumulate/frame.hpp"
#include "accumulate/stacked_histogram.hpp"
#include "accumulate/steps.hpp"
#include "accumulate/time_surface.hpp"
#include "accumulate/tore.hpp"
#include "accumulate/voxel_grid.hpp"
#include "bindings/bindings.hpp"

namespace aestream {
namespace {

template <class T>
T one_of(const char* name, const std::string& given, const std::map<std::string, T>& known) {
  const auto found = known.find(given);
  if (found != known.end()) return found->second;
  std::string words;
  for (const auto& [word, value] : known) words += (words.empty() ? "" : ", ") + word;
  throw py::value_error(std::string(name) + " must be one of " + words + "; got " + given);
}

std::size_t count_of(const char* name, std::int64_t given, std::int64_t most) {
  if (given >= 1 && given <= most) return static_cast<std::size_t>(given);
  throw py::value_error(std::string(name) + " must lie in [1, " + std::to_string(most) + "]; got " +
                        std::to_string(given));
}

std::shared_ptr<Representation> make_frame(const std::string& polarity, const std::string& dtype,
                                           std::optional<std::uint32_t> clip) {
  using P = Frame::Polarity;
  const auto channels =
      one_of<P>("polarity", polarity, {{"split", P::Split}, {"sum", P::Sum}, {"difference", P::Difference}});
  const auto element = one_of<Element>("dtype", dtype,
                                       {{"float32", Element::Float32},
                                        {"float16", Element::Float16},
                                        {"bfloat16", Element::BFloat16},
                                        {"uint8", Element::UInt8},
                                        {"bool", Element::Bool}});
  if (channels == P::Difference && size_of(element) == 1) {
    throw py::value_error("a difference can be negative: dtype must be a float, got " + dtype);
  }
  return std::make_shared<Frame>(channels, element, clip);
}

std::shared_ptr<Representation> make_voxel_grid(std::int64_t bins, const std::string& span, const std::string& align,
                                                const std::string& polarity, const std::string& normalize, double clip,
                                                double scale) {
  using O = VoxelGridOptions;
  O options;
  options.bins = count_of("bins", bins, max_bins);
  options.by_window = one_of<bool>("span", span, {{"window", true}, {"events", false}});
  options.align = one_of<O::Align>("align", align, {{"edges", O::Align::Edges}, {"centers", O::Align::Centers}});
  options.polarity = one_of<O::Polarity>(
      "polarity", polarity,
      {{"signed", O::Polarity::Signed}, {"split", O::Polarity::Split}, {"cube", O::Polarity::Cube}});
  options.normalize = one_of<O::Normalize>(
      "normalize", normalize,
      {{"none", O::Normalize::None}, {"nonzero", O::Normalize::NonZero}, {"residue", O::Normalize::Residue}});
  options.clip = clip;
  options.scale = scale;
  return std::make_shared<VoxelGrid>(options);
}

std::shared_ptr<Representation> make_stacked_histogram(std::int64_t bins, std::int64_t cutoff, const std::string& span,
                                                       std::int64_t downsample) {
  return std::make_shared<StackedHistogram>(count_of("bins", bins, max_bins),
                                            static_cast<std::uint8_t>(count_of("cutoff", cutoff, 255)),
                                            one_of<bool>("span", span, {{"window", true}, {"events", false}}),
                                            static_cast<std::uint32_t>(count_of("downsample", downsample, 32767)));
}

std::shared_ptr<Representation> make_mixed_density(std::int64_t bins, std::int64_t cutoff) {
  return std::make_shared<MixedDensity>(count_of("bins", bins, max_bins),
                                        static_cast<std::uint8_t>(count_of("cutoff", cutoff, 127)));
}

std::shared_ptr<Representation> make_time_surface(double tau_us, const std::string& decay,
                                                  const std::string& polarity) {
  using P = TimeSurface::Polarity;
  return std::make_shared<TimeSurface>(
      tau_us, one_of<bool>("decay", decay, {{"exponential", true}, {"linear", false}}),
      one_of<P>("polarity", polarity, {{"split", P::Split}, {"signed", P::Signed}, {"merged", P::Merged}}));
}

std::shared_ptr<Representation> make_latest_time(const std::string& polarity) {
  return std::make_shared<LatestTime>(one_of<bool>("polarity", polarity, {{"split", true}, {"merged", false}}));
}

std::shared_ptr<Representation> make_event_image() { return std::make_shared<EventImage>(); }

std::shared_ptr<Representation> make_tore(std::int64_t k, double min_age_us, double max_age_us) {
  return std::make_shared<Tore>(count_of("k", k, 4096), min_age_us, max_age_us);
}

std::shared_ptr<Representation> make_averaged_time_surface(std::int64_t cell, std::int64_t radius, double tau_us,
                                                           std::optional<std::int64_t> max_age_us) {
  return std::make_shared<AveragedTimeSurface>(static_cast<std::uint32_t>(count_of("cell", cell, 32767)),
                                               static_cast<std::uint32_t>(count_of("radius", radius, 255)), tau_us,
                                               max_age_us);
}

std::shared_ptr<Representation> make_steps(RepresentationPtr part, std::int64_t steps, const std::string& by) {
  return std::make_shared<Steps>(std::move(part), count_of("steps", steps, max_bins),
                                 one_of<bool>("by", by, {{"time", true}, {"events", false}}));
}

std::shared_ptr<Representation> make_concat(std::vector<RepresentationPtr> members) {
  if (members.empty()) throw py::value_error("Concat needs a representation");
  return std::make_shared<Concat>(std::move(members));
}

}  // namespace

void register_representations(py::module_& module) {
  py::classh<Representation>(module, "Representation");
  module.def("frame", &make_frame, py::arg("polarity"), py::arg("dtype"), py::arg("clip") = py::none());
  module.def("voxel_grid", &make_voxel_grid, py::arg("bins"), py::arg("span") = "window", py::arg("align") = "edges",
             py::arg("polarity") = "signed", py::arg("normalize") = "none", py::arg("clip") = 0.0,
             py::arg("scale") = 1.0);
  module.def("stacked_histogram", &make_stacked_histogram, py::arg("bins"), py::arg("cutoff"), py::arg("span"),
             py::arg("downsample"));
  module.def("mixed_density", &make_mixed_density, py::arg("bins"), py::arg("cutoff"));
  module.def("time_surface", &make_time_surface, py::arg("tau_us"), py::arg("decay"), py::arg("polarity"));
  module.def("latest_time", &make_latest_time, py::arg("polarity"));
  module.def("event_image", &make_event_image);
  module.def("tore", &make_tore, py::arg("k"), py::arg("min_age_us"), py::arg("max_age_us"));
  module.def("averaged_time_surface", &make_averaged_time_surface, py::arg("cell"), py::arg("radius"),
             py::arg("tau_us"), py::arg("max_age_us") = py::none());
  module.def("steps", &make_steps, py::arg("part"), py::arg("steps"), py::arg("by"));
  module.def("concat", &make_concat, py::arg("members"));
}

}  // namespace aestream
