"""Settings of the whole suite."""

import os

# Before torch is imported: its threads sleep between layers instead of spinning, which on a busy
# machine makes small networks many times faster.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
