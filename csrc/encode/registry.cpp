// One line a format.
#include "encode/registry.hpp"

#include <functional>
#include <map>
#include <stdexcept>

#include "encode/bin40.hpp"
#include "encode/csv.hpp"
#include "encode/dat.hpp"
#include "encode/es.hpp"
#include "encode/evt2.hpp"
#include "encode/evt21.hpp"
#include "encode/evt3.hpp"

namespace aestream {
namespace {

struct Sensor {
  std::int64_t width, height;
};

using Factory = std::function<std::unique_ptr<Encoder>(Sensor)>;

const std::map<std::string, Factory>& encoders() {
  static const std::map<std::string, Factory> table{
      {"evt2", [](Sensor) { return std::make_unique<Evt2Encoder>(); }},
      {"evt21", [](Sensor) { return std::make_unique<Evt21Encoder>(); }},
      {"evt3", [](Sensor sensor) { return std::make_unique<Evt3Encoder>(sensor.width); }},
      {"dat", [](Sensor) { return std::make_unique<DatEncoder>(); }},
      {"es", [](Sensor sensor) { return std::make_unique<EsEncoder>(sensor.height); }},
      {"bin40", [](Sensor) { return std::make_unique<Bin40Encoder>(); }},
      {"csv", [](Sensor) { return std::make_unique<CsvEncoder>(CsvStyle{',', false}); }},
      {"txt", [](Sensor) { return std::make_unique<CsvEncoder>(CsvStyle{' ', true}); }},
  };
  return table;
}

}  // namespace

std::unique_ptr<Encoder> make_encoder(const std::string& name, std::int64_t width, std::int64_t height) {
  const auto found = encoders().find(name);
  if (found == encoders().end()) throw std::invalid_argument("no encoder is called \"" + name + '"');
  return found->second({width, height});
}

}  // namespace aestream
