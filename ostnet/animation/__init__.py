"""From a model to moving pictures: the source encoded once, one cheap call per driving frame."""

from ostnet.animation.animator import Animator
from ostnet.animation.frame import VARIANTS, Frame, Options

__all__ = ["VARIANTS", "Animator", "Frame", "Options"]
