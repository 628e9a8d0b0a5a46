"""The pipeline of command line, page, API and batches: a portrait and a clip in, videos out."""

import time
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ostnet.animation.animator import Animator
from ostnet.animation.frame import DrivingFrame
from ostnet.animation.group import Driver, Group, animate_faces, group_pictures, open_inputs
from ostnet.animation.motion_file import SUFFIX
from ostnet.animation.outputs import (
    MARK,
    Log,
    Outputs,
    Rendered,
    Result,
    Spread,
    Step,
    Variants,
    rectifying,
    scene_pictures,
)
from ostnet.animation.scene import Scene
from ostnet.backends.device import choose_device, is_cpu
from ostnet.backends.digest import detector_digest
from ostnet.files import check_outputs, staged
from ostnet.hub import resolve
from ostnet.media.picture_folder import open_output
from ostnet.media.signing import check_signer
from ostnet.media.square import Framed
from ostnet.methods import VARIANTS
from ostnet.options import AnimateOptions

if TYPE_CHECKING:
    from ostnet.model.ostnet import OSTNet

OnStep = Callable[[Step], object]
Cancel = Callable[[], bool]


def _never() -> bool:
    return False


class Pipeline:
    """Animates portraits by driving clips.

    Args:
        model: an :class:`ostnet.OSTNet`, or the folder of a checkpoint. Of a folder, torch is
            loaded only where the back end needs it.
        device: ``auto`` (CUDA where there is one, else the CPU) or any name torch knows.
        backend: a name of :data:`ostnet.backends.BACKENDS`; ``auto`` takes the fastest.
        overlap: work on several driving frames at once, in threads.

    The networks are loaded at the first run.

    Raises:
        InputError: results are to be signed, and the certificate or its key cannot be used.
    """

    def __init__(
        self,
        model: "OSTNet | Path",
        device: str = "auto",
        backend: str = "auto",
        overlap: bool = True,
    ):
        check_signer()
        self.model, self.device, self.backend, self.overlap = model, device, backend, overlap
        self._animator: Animator | None = None

    @classmethod
    def from_pretrained(
        cls,
        weights: str | None = None,
        device: str = "auto",
        backend: str = "auto",
        overlap: bool = True,
    ) -> "Pipeline":
        """Find weights: a folder, ``owner/repo[@revision]`` on the Hub, or None: the embedded ones.

        Other arguments as of the class.

        Raises:
            InputError: weights that cannot be used, or a device that is not here.
        """
        checkpoint = resolve(weights, device)
        if checkpoint.notice:
            warnings.warn(checkpoint.notice, stacklevel=1)
        if not is_cpu(device):
            choose_device(device)
        return cls(checkpoint.folder, device, backend, overlap)

    def __call__(
        self,
        portrait: str | Path,
        driving: str | Path | Sequence[str | Path],
        output: str | Path,
        options: AnimateOptions | None = None,
        *,
        trace: Path | None = None,
        on_step: OnStep | None = None,
        cancel: Cancel = _never,
    ) -> Result:
        """Write one video of the portrait performing the driving clip.

        Args:
            portrait: picture file with a face.
            driving: video or motion file with a moving face, or a folder or pattern of pictures;
                with ``options.faces`` also one for each face.
            output: video to write, whose suffix chooses the container; without a suffix: folder to
                write PNG files into.
            options: see :class:`AnimateOptions`.
            trace: JSON file for the measured face sizes.
            on_step: called once per frame.
            cancel: called at every frame; once it returns True, the run ends and keeps the frames
                made. Before the first frame this raises an InputError.

        Raises:
            InputError: a file or a value that cannot be used; no file is left behind.
        """
        options = options or AnimateOptions()
        outputs = Outputs({options.variant: Path(output)}, trace=trace)
        check_outputs(Path(output), trace)
        scene = self.open(portrait, driving, options, cancel, outputs.transparent)
        return self.run(scene, outputs, on_step, cancel)

    def compare(
        self,
        portrait: str | Path,
        driving: str | Path,
        folder: str | Path,
        options: AnimateOptions | None = None,
        *,
        on_step: OnStep | None = None,
        cancel: Cancel = _never,
    ) -> Result:
        """Write all four variants, the rectified clip, their grid, trace and chart into a folder.

        Arguments as in :meth:`__call__`.
        """
        check_outputs(Path(folder))
        scene = self.open(portrait, driving, options or AnimateOptions(), cancel)
        return self.run_folder(scene, Path(folder), VARIANTS, on_step, cancel, chart=True)

    def run_folder(
        self,
        scene: Scene | Group,
        folder: Path,
        names: Iterable[str],
        on_step: OnStep | None = None,
        cancel: Cancel = _never,
        chart: bool = False,
        columns: int = 4,
        motion: bool = False,
    ) -> Result:
        """Write variants, ``rectified`` and ``grid`` as MP4 and trace.json into a folder.

        With ``motion`` also a motion file of the driving clip, unless that is one. Of a group, only
        variants and what is measured of the first face. All files appear at the end.
        """
        clips = names = list(names)
        if not isinstance(scene, Group):
            clips = [*names, *(["rectified"] if rectifying(names) else []), "grid"]
        with staged(folder) as stage:
            outputs = Outputs(
                {name: stage / f"{name}.mp4" for name in clips},
                trace=stage / "trace.json",
                chart=stage / "scale.png" if chart else None,
                columns=columns,
                motion=stage / f"driving{SUFFIX}" if motion and not scene.motions else None,
            )
            result = self.run(scene, outputs, on_step, cancel)
        return replace(result, files={n: folder / path.name for n, path in result.files.items()})

    def run(
        self,
        scene: Scene | Group,
        outputs: Outputs,
        on_step: OnStep | None = None,
        cancel: Cancel = _never,
    ) -> Result:
        """Render a scene into files, which appear once they are whole.

        Every video has the driving clip's exact frame rate and sound.
        """
        started = time.perf_counter()
        total = scene.total
        log = Log(outputs, scene.video.fps, self.detector if outputs.motion else "")
        with ExitStack() as files:
            writers = {
                name: files.enter_context(
                    open_output(path, scene.video.fps, scene.video, total, MARK)
                )
                for name, path in outputs.clips.items()
            }
            frames = files.enter_context(closing(self.stream(scene, outputs, cancel)))
            for done, (pictures, made, spread) in enumerate(frames, 1):
                log.add(made, spread)
                for name, writer in writers.items():
                    writer.write(pictures[name])
                if on_step is not None:
                    pace = (time.perf_counter() - started) / done
                    newest = pictures.get("grid", next(iter(pictures.values())))
                    on_step(Step(done, total, pace * (total - done), newest))
            stopped = len(log.faces) < total and cancel()
        written, seconds = log.save(), time.perf_counter() - started
        return Result(written, seconds, log.scales, log.faces, log.document, stopped)

    def stream(
        self, scene: Scene | Group, outputs: Outputs, cancel: Cancel = _never
    ) -> Generator[Rendered, None, None]:
        """Yield the pictures of each driving frame, as they come, until ``cancel`` returns True.

        ``outputs`` names the clips to render; of a group, variants only. No file is written.
        """
        for motion in scene.motions:
            motion.check_detector(self.detector)
        more = outputs.names, scene.options, scene.fps, outputs.measures, outputs.rectified
        if isinstance(scene, Group):
            faces = self.generate_faces(scene.sources, scene.frames(cancel), *more)
            pictures = group_pictures(scene, faces)
        else:
            frames = self.generate(scene.framed, scene.frames(cancel), *more)
            pictures = scene_pictures(scene, frames, outputs)
        with closing(pictures):
            for done, rendered in enumerate(pictures, 1):
                yield rendered
                if done < scene.total and cancel():
                    return

    def generate(
        self,
        source: Framed,
        frames: Iterable[DrivingFrame],
        names: list[str],
        options: AnimateOptions,
        fps: float,
        measure: bool,
        rectified: bool = True,
    ) -> Iterator[tuple[Spread, Variants]]:
        """Yield the source's keypoint spread and all variants, for each driving frame.

        Args:
            source: the portrait's square.
            frames: driving frames; they must allow a fresh reading.
            names: variants, see :data:`ostnet.methods.VARIANTS`.
            options: how the motion is read.
            fps: frames per second.
            measure: also measure the generated faces.
            rectified: also return the rectified driving frames.
        """
        animator = self.animator(source)
        clip = animator.reference(frames, options, fps)
        for made in animator.variants(frames, names, options, clip, measure, rectified):
            yield animator.source_spread, made

    def generate_faces(
        self, sources: list[Framed], drivers: list[Iterable[DrivingFrame]], *more
    ) -> Iterator[list[tuple[Spread, Variants]]]:
        """Yield what :meth:`generate` yields, for several faces; ``more`` are its arguments."""
        yield from animate_faces([self.animator(source) for source in sources], drivers, *more)

    def animator(self, source: Framed) -> Animator:
        """Return an animator of a portrait's square; all of a pipeline share its networks."""
        animator = self._networks().resized(source.side)
        animator.set_source(source)
        return animator

    @property
    def detector(self) -> str:
        """Return the SHA-256 of the keypoint detector; see `detector_digest`."""
        return detector_digest(self.model)

    def _networks(self) -> Animator:
        if self._animator is None:
            self._animator = Animator(self.model, self.device, self.backend, overlap=self.overlap)
        return self._animator

    def open(
        self,
        portrait: str | Path | np.ndarray,
        driving: Driver | Sequence[Driver],
        options: AnimateOptions,
        cancel: Cancel = _never,
        transparent: bool = False,
    ) -> Scene | Group:
        """Return the opened inputs, see :func:`open_inputs`; show their warnings."""
        scene = open_inputs(portrait, driving, options, cancel, transparent)
        self._networks()
        for text in scene.warnings:
            warnings.warn(text, stacklevel=1)
        return scene
