"""Curves in TensorBoard or trackio, packages of the extra ``track``, imported when asked for."""

from pathlib import Path

from ostnet.errors import InputError


class Tracker:
    """Takes numbers and pictures of a run at a step; this one forgets them."""

    def numbers(self, step: int, values: dict[str, float]) -> None:
        """Scalars by name, such as ``train/loss``."""

    def picture(self, step: int, name: str, path: Path) -> None:
        """A picture file."""

    def close(self) -> None:
        """Nothing more will come."""


class TensorBoard(Tracker):
    """Event files in ``folder``: look with ``tensorboard --logdir``."""

    def __init__(self, folder: Path, settings: dict):
        from torch.utils.tensorboard import SummaryWriter

        self.writer = SummaryWriter(str(folder / "tensorboard"))
        lines = [f"    {name}: {value}" for name, value in settings.items()]
        self.writer.add_text("settings", "\n".join(lines))

    def numbers(self, step: int, values: dict[str, float]) -> None:
        for name, value in values.items():
            self.writer.add_scalar(name, value, step)

    def picture(self, step: int, name: str, path: Path) -> None:
        import numpy as np
        from PIL import Image

        with Image.open(path) as image:
            pixels = np.asarray(image.convert("RGB"))
        self.writer.add_image(name, pixels, step, dataformats="HWC")

    def close(self) -> None:
        self.writer.close()


class Trackio(Tracker):
    """A run, named after ``folder``, of the project ``ostnet``: look with ``trackio show``."""

    def __init__(self, folder: Path, settings: dict):
        import trackio

        self.trackio = trackio
        trackio.init(project="ostnet", name=folder.name, config=settings, resume="allow")

    def numbers(self, step: int, values: dict[str, float]) -> None:
        self.trackio.log(values, step=step)

    def picture(self, step: int, name: str, path: Path) -> None:
        self.trackio.log({name: self.trackio.Image(str(path))}, step=step)

    def close(self) -> None:
        self.trackio.finish()


def make_tracker(name: str, folder: Path, settings: dict) -> Tracker:
    """The tracker ``none``, ``tensorboard`` or ``trackio``. Raises InputError if not installed."""
    kinds = {"tensorboard": TensorBoard, "trackio": Trackio}
    if name not in kinds:
        return Tracker()
    try:
        return kinds[name](folder, settings)
    except ImportError as error:
        raise InputError(f"track: {name} is not installed; pip install ostnet[track]") from error
