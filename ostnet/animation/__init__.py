"""Animation of a source picture, which is encoded once, with one cheap call per driving frame."""

from ostnet.animation.animator import Animator
from ostnet.animation.frame import ClipReference, DrivingFrame, Frame
from ostnet.methods import VARIANTS

__all__ = ["VARIANTS", "Animator", "ClipReference", "DrivingFrame", "Frame"]
