"""Benchmarks of aestream and its peers: see benchmarks/README.md."""
