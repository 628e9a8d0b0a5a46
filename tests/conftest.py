"""Settings of the whole suite."""

import os

# Before torch is imported: its threads sleep between layers instead of spinning, which on a busy
# machine makes small networks many times faster.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# No test downloads a detector's weights, and all find faces the same way everywhere.
os.environ.setdefault("OSTNET_FACE_DETECTOR", "dlib")
