"""Training; inference never imports it.

``python -m ostnet.training`` needs torch, numpy, OpenCV, Pillow, safetensors and huggingface-hub
alone, and accelerate where several processes train together.

One process: ``ostnet train --data DIR --output RUN --minutes 60``; the same command resumes.
Several GPUs: ``accelerate launch -m ostnet train ...``; several CPU processes:
``torchrun --nproc-per-node 2 -m ostnet train ...``. ``--batch`` counts pairs of one process, so N
processes take N times as many a step; resumed on another number of processes with ``--batch``
changed to match, a run goes on as if nothing had happened. Machines must share the output folder.

Where a change goes: ``config`` and ``recipes`` (what can be set), ``frame_store``,
``shard_stream`` and ``pairs`` (where pairs come from), ``augmentation`` and ``warp`` (what is done
to them), ``objective`` and ``losses`` (what is minimised), ``loop`` (when what happens), ``draws``,
``batches``, ``parallel`` and ``sync_batchnorm`` (why the number of processes does not matter),
``report``, ``tracking`` and ``curves`` (what one sees of it).
"""

import time

PROCESS_START = time.monotonic()
"""Start of the process, near enough: ``--minutes`` counts from here."""
