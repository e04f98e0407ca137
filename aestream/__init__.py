"""Load, stream and train on event-camera data with PyTorch."""
