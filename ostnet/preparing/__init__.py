"""From videos to a training data set: ``ostnet prepare``.

Inference, training and evaluation never import this package. One video goes through these modules:
``stream`` (frames at one rate), ``scan`` (shots, and a look for faces now and then), ``tracks``
(one face over a stretch of a shot), ``crops`` (its square), ``quality`` (is it worth keeping),
``stretch`` and ``cutting`` (all of that for one video, to its clips). ``run`` does it for all
videos, here or on a Ray cluster (``cluster``); ``store`` knows which are finished; ``manifest`` and
``shards`` sum up.
"""
