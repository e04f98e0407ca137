// Every kernel there is. Nothing here includes a header of the host, so that NVRTC compiles it as it is.
#pragma once

#include "frame.cuh"
#include "rows.cuh"
#include "stacked_histogram.cuh"
#include "time_surface.cuh"
#include "voxel_grid.cuh"
