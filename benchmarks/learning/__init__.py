"""What learning needs, measured: representations, steps, transforms, prepared data; `python -m benchmarks.learning`."""
