"""Metrics, protocols and reports. Inference never imports this package.

``evaluate_checkpoint.evaluate`` measures weights on a data set, ``score_videos.score`` videos of
any method. Each part imports only those before it: ``data`` (clips, pairs), ``metrics``, ``report``
(tables, plots, files), ``protocols`` (a module each), and the modules of this folder.
"""
