"""The page: what a visitor sees of portraits, clips, variants and measurements.

``page`` puts the tabs together, each tab module lays out and wires one tab, and ``engine`` holds
the one model. Nothing imports this package but ``app.py``.
"""
