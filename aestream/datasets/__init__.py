"""Finite, indexable recordings and data sets."""
