// Python objects and functions that the core keeps and calls, from threads that do not hold the GIL.
#pragma once

#include <memory>

#include "bindings/bindings.hpp"
#include "decode/inflate.hpp"

namespace aestream {

/// Keeps an object for the core, which may let go of it without the GIL.
std::shared_ptr<py::object> keep_python(py::object object);

/// A function (compressed, out) -> size as the core calls it; none for None. It holds the GIL only while it makes the two
/// views and enters the function, which releases it. `what` is inflated: errors name it.
Inflate make_inflate(py::object decompress_into, const char* what);

}  // namespace aestream
