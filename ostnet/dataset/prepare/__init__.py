"""Preparation of a data set from videos: ``ostnet prepare``.

Only the command line imports this package. A video passes through these modules:

* ``source_frames``: its frames at one rate;
* ``shots``: shots, and the faces in some of their frames;
* ``tracks``: one face over a part of a shot;
* ``quality``: its square, and whether it is good enough;
* ``cutting``: all of these for one video, to its clips.

``annotations`` finds the videos, ``preparation`` runs all of them, here or on a Ray cluster, and
``results`` stores what is finished and makes the rows of the manifest.
"""
