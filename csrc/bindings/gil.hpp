// pybind11's guards of the GIL, which end a thread that wants the GIL after the interpreter's end: until Python 3.14 by unwinding
// its stack, which C++ and Rust answer with abort(). Ours let it wait for ever, quietly. Whoever releases the GIL hears signals.
#pragma once

#include <pybind11/pybind11.h>

#include <optional>

#include "core/interrupt.hpp"

namespace aestream {

/// Registers with `atexit`: from the interpreter's end on, threads that want to go there wait for ever, but for the one that ends it.
void prepare_exit();

namespace py {

using namespace pybind11;  // NOLINT(google-build-using-namespace) - py is pybind11 but for these two

class gil_scoped_release {
 public:
  gil_scoped_release();
  gil_scoped_release(const gil_scoped_release&) = delete;
  gil_scoped_release& operator=(const gil_scoped_release&) = delete;
  ~gil_scoped_release();

 private:
  InterruptScope interrupts_;
  PyThreadState* state_;
};

class gil_scoped_acquire {
 public:
  gil_scoped_acquire();
  gil_scoped_acquire(const gil_scoped_acquire&) = delete;
  gil_scoped_acquire& operator=(const gil_scoped_acquire&) = delete;
  ~gil_scoped_acquire();

 private:
  std::optional<pybind11::gil_scoped_acquire> held_;
};

}  // namespace py
}  // namespace aestream
