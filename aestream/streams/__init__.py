"""Live sources and replays: frames and windows while events come in."""
