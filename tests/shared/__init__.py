"""Tests on the shared vectors and recordings, which are not part of the project."""
