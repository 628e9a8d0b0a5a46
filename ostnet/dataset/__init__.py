"""The data set on disk: ``ostnet prepare`` writes it, training reads it.

A data folder has ``manifest.csv`` (:mod:`~ostnet.dataset.manifest`), the square clips and stills in
it (decoded by :mod:`~ostnet.dataset.frames`), and optionally ``landmarks.npz``
(:mod:`~ostnet.dataset.landmark_file`) and ``shards/`` with the same clips
(:mod:`~ostnet.dataset.shards`). ``dataset.prepare`` makes such a folder from videos; only the
command line imports it.
"""
