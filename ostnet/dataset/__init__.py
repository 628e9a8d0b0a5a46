"""The data set on disk: what ``ostnet prepare`` writes and training reads, in one place.

A data folder holds ``manifest.csv`` (:mod:`~ostnet.dataset.manifest`), the clips and stills that it
names as square pictures (:mod:`~ostnet.dataset.frames` decodes them), perhaps ``landmarks.npz``
(:mod:`~ostnet.dataset.landmark_file`), and perhaps ``shards/`` with the same clips once more
(:mod:`~ostnet.dataset.shards`). ``dataset.prepare`` makes such a folder out of videos; nothing
imports it but the command line.
"""
