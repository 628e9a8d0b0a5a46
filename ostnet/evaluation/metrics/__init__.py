"""Metrics of pictures and faces, and statistics over people."""
