// The messages of a ROS topic: bytes of one message in, bytes for a stream decoder out.
#include "bindings/bindings.hpp"
#include "decode/ros.hpp"

namespace aestream {
namespace {

RosMessage message_of(const std::string& name) {
  if (name == "EventArray") return RosMessage::EventArray;
  if (name == "EventPacket") return RosMessage::EventPacket;
  throw py::value_error("a message is an EventArray or an EventPacket");
}

py::bytes take_message(RosTopic& topic, const py::buffer& message) {
  const py::buffer_info info = message.request();
  ByteSpan bytes;
  {
    const py::gil_scoped_release released;
    bytes = topic.take(view_bytes(info));
  }
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

void register_ros(py::module_& module) {
  py::classh<RosTopic>(module, "RosTopic")
      .def(py::init([](const std::string& message, bool cdr) {
             return RosTopic(message_of(message), cdr ? RosWire::Cdr : RosWire::Ros1);
           }),
           py::arg("message"), py::arg("cdr"))
      .def("take", &take_message, py::arg("message"))
      .def_property_readonly("encoding", [](const RosTopic& topic) { return foreign_text(topic.encoding()); })
      .def_property_readonly("shape", &RosTopic::shape);
}

}  // namespace aestream
