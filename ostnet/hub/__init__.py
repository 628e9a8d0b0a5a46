"""Everything between this project and stored weights: find, download, publish, make a Space.

``lookup`` says which weights run, ``downloads`` gets their files from the Hugging Face Hub,
``publish`` puts them there with their ``card``, ``space`` writes the files of a Space.
"""

from ostnet.hub.downloads import CONFIG, WEIGHTS
from ostnet.hub.lookup import (
    EMBEDDED,
    EMBEDDED_ON_GPU,
    PINNED,
    VARIABLE,
    Checkpoint,
    embedded,
    embedded_folders,
    resolve,
    split_name,
)

__all__ = [
    "CONFIG",
    "EMBEDDED",
    "EMBEDDED_ON_GPU",
    "PINNED",
    "VARIABLE",
    "WEIGHTS",
    "Checkpoint",
    "embedded",
    "embedded_folders",
    "resolve",
    "split_name",
]
