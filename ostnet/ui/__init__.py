"""The web page and its interface for programs.

``page`` joins the tabs, each tab's module lays out one tab and connects its events, and ``engine``
holds the one model. Only ``app.py`` imports this package.
"""
