"""Events in Python: the dtype."""

import numpy as np

EVENT_DTYPE = np.dtype(
    {
        "names": ["t", "x", "y", "p"],
        "formats": ["<i8", "<i2", "<i2", "?"],
        "offsets": [0, 8, 10, 12],
        "titles": ["timestamp", None, None, "polarity"],
        "itemsize": 16,
    }
)
