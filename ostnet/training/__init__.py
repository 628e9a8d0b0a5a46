"""Training; inference never imports it.

``python -m ostnet.training`` needs only torch, numpy, OpenCV, Pillow, safetensors and
huggingface-hub, and accelerate where several processes train together.

One process: ``ostnet train --data DIR --output RUN --minutes 60``; the same command resumes.
Several GPUs: ``accelerate launch -m ostnet train ...``; several CPU processes:
``torchrun --nproc-per-node 2 -m ostnet train ...``. ``--batch`` counts the pairs of one process, so
N processes take N times as many per step; a run resumed on another number of processes, with
``--batch`` changed to match, gives the same results. Machines must share the output folder.

Where a change goes: ``config`` and ``recipes`` (settings), ``frame_store``, ``shard_stream`` and
``pairs`` (data), ``augmentation``, ``stages``, ``joint``, ``detail`` and ``distil`` (the
stages), ``losses``, ``trainer`` (the loop), ``rng`` and ``parallel`` (independence of the
number of processes), ``report`` and ``validation`` (reports of a run).
"""

import time

PROCESS_START = time.monotonic()  # approximate start of the process; --minutes counts from here
