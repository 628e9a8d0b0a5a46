"""Clips of data sets, and pairs of source and driving frame."""
