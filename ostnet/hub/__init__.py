"""Stored weights: finding, downloading and publishing them, and exporting a Space.

``lookup`` finds the weights to run, ``downloads`` gets them from the Hugging Face Hub, ``publish``
uploads them with their ``card``, ``space`` writes the files of a Space.
"""

from ostnet.hub.downloads import CONFIG, WEIGHTS
from ostnet.hub.lookup import VARIABLE, Checkpoint, embedded, embedded_folders, resolve

__all__ = ["CONFIG", "VARIABLE", "WEIGHTS", "Checkpoint", "embedded", "embedded_folders", "resolve"]
