"""The published bilinear voxel grid (Zhu et al., CVPR 2019) as one numba loop over columns."""

import numba
import numpy as np

from benchmarks.peers import evutils as reader

columns = reader.columns
prepare_voxels = reader.prepare_frames


@numba.njit(boundscheck=False)
def voxel_grid(t, x, y, p, grid, t_first, t_last):
    """Add each event to the two bins beside its time, weighted by its distance to them."""
    bins = grid.shape[0]
    scale = (bins - 1) / max(t_last - t_first, 1)
    for i in range(t.size):
        position = (t[i] - t_first) * scale
        left = int(position)
        weight = position - left
        value = 1.0 if p[i] else -1.0
        grid[left, y[i], x[i]] += value * (1.0 - weight)
        if left + 1 < bins:
            grid[left + 1, y[i], x[i]] += value * weight


def voxels(events, sink, shape, window_us, bins):
    for window in reader._windows(events, window_us):
        grid = np.zeros((bins, shape[1], shape[0]), np.float32)
        voxel_grid(window.t, window.x, window.y, window.p, grid, window.t[0], window.t[-1])
        sink(grid)
