"""From videos to a data set: ``ostnet prepare``.

Nothing imports this package but the command line. One video goes through these modules:

* ``source_frames``: its frames at one rate;
* ``scan``: shots, and a look for faces now and then;
* ``tracks``: one face over a stretch of a shot;
* ``crops``: its square;
* ``quality``: is it worth keeping;
* ``stretch`` and ``cutting``: all of that for one video, to its clips.

``preparation`` does it for all videos, here or on a Ray cluster (``cluster``); ``progress`` knows
which are finished; ``splits`` makes the rows that :mod:`ostnet.dataset` writes.
"""
