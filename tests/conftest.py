"""Settings of the whole suite."""

import os
import tempfile

# Before torch is imported: its threads sleep between layers instead of spinning, which on a busy
# machine makes small networks many times faster.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# No test downloads a detector's weights, and all find faces the same way everywhere.
os.environ.setdefault("OSTNET_FACE_DETECTOR", "dlib")
# Graphs that back ends build are kept from run to run, but not among the user's own.
os.environ.setdefault("OSTNET_CACHE", os.path.join(tempfile.gettempdir(), "ostnet-tests"))
