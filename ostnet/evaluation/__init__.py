"""Metrics, protocols and reports. Inference never imports this package.

``run.evaluate`` measures a checkpoint on a data set, ``score.score`` measures anyone's videos.
"""
