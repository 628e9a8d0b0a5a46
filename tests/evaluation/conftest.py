"""Faces whose landmarks are known: a bright rectangle on a dark ground stands for a face."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from ostnet.config import ModelConfig
from ostnet.evaluation import evaluate_checkpoint
from ostnet.evaluation.evaluate_checkpoint import Shard
from ostnet.evaluation.metrics import instruments
from ostnet.evaluation.metrics.faces import FaceReader
from ostnet.evaluation.metrics.pose_and_gaze import GENERIC_FACE
from ostnet.landmarks import INNER_LIP_LOWER, INNER_LIP_UPPER, RIGID
from ostnet.media.video import VideoWriter
from ostnet.model.ostnet import OSTNet

SIZE = 256


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.fixture
def face_points():
    """68 points of a frontal face in pixels of a 256 x 256 picture: (68, 2)."""
    points = np.random.default_rng(0).uniform(90, 170, (68, 2))
    points[RIGID] = GENERIC_FACE[:, :2] + [128, 110]
    points[INNER_LIP_UPPER] = [[120, 150], [128, 150], [136, 150]]
    points[INNER_LIP_LOWER] = [[120, 152], [128, 153], [136, 152]]
    return points


class BoxLandmarker:
    """Places 68 fixed points on the bright rectangle; without one it finds no face."""

    name = "box landmarker 1"

    def landmarks(self, image):
        rows, columns = np.nonzero(image.mean(axis=2) > 128)
        if len(rows) == 0:
            return None
        low = np.array([columns.min(), rows.min()])
        high = np.array([columns.max(), rows.max()])
        shape = np.random.default_rng(0).uniform(0, 1, (68, 2))
        return low + shape * (high - low)


class ColourEmbedder:
    """Takes the mean colour of the picture as identity."""

    name = "colour embedder 1"

    def embed(self, image, landmarks):
        return image.reshape(-1, 3).mean(axis=0) / 255


@pytest.fixture
def reader():
    return FaceReader(BoxLandmarker(), ColourEmbedder())


@pytest.fixture(scope="module")
def known_faces():
    """``evaluate`` and ``score`` use readers of the faces that the tests draw."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(instruments, "make_landmarker", lambda *options: BoxLandmarker())
        patch.setattr(instruments, "DlibEmbedder", ColourEmbedder)
        yield


def draw_face(width=80, height=100, colour=(255, 255, 255), at=(128, 128)):
    """uint8 (256, 256, 3) with one 'face' of this size, centred at (x, y)."""
    picture = np.full((SIZE, SIZE, 3), 20, np.uint8)
    left, top = at[0] - width // 2, at[1] - height // 2
    picture[top : top + height, left : left + width] = colour
    return picture


@pytest.fixture(scope="session")
def face_picture():
    """The function that draws a picture of one 'face'."""
    return draw_face


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    """A miniature data set: three people, four clips of 8 frames, the face moving and growing."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "clips").mkdir()
    rows = ["file,kind,split,identity,frames"]
    people = {"a0": "ann", "a1": "ann", "b0": "bob", "c0": "cy"}
    colours = {"ann": (255, 220, 200), "bob": (200, 255, 200), "cy": (220, 220, 255)}
    for clip, person in people.items():
        with VideoWriter(folder / "clips" / f"{clip}.mp4", fps=25) as writer:
            for t in range(8):
                writer.write(draw_face(80 + 4 * t, 100, colours[person], (110 + 5 * t, 128)))
        rows.append(f"clips/{clip}.mp4,clip,val,{person},8")
    rows += ["clips/absent.mp4,clip,train,dan,8", "stills/x.jpg,still,val,eve,1"]
    (folder / "manifest.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


TINY = ModelConfig(
    keypoints=4,
    keypoint_width=4,
    motion_width=4,
    hourglass_blocks=2,
    hourglass_max_width=8,
    mask_kernel=3,
    widths=(4, 8, 8),
    full_width=0,
    residual_blocks=1,
)


@pytest.fixture(scope="session")
def model():
    """An untrained network that is small enough for tests; its scale module is the identity."""
    torch.manual_seed(0)
    return OSTNet(TINY).eval()


@pytest.fixture(scope="session")
def checkpoint(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    model.save_pretrained(folder)
    return str(folder)


@pytest.fixture
def in_two_processes(monkeypatch):
    """Runs an evaluation as two processes that share the work, in threads of this one."""
    barrier, mine = threading.Barrier(2), threading.local()

    class Half(Shard):
        def wait(self):
            barrier.wait(timeout=60)

    def both(evaluation) -> list:
        def work(rank: int):
            mine.shard = Half(rank, 2)
            return evaluation()

        monkeypatch.setattr(evaluate_checkpoint, "this_process", lambda: mine.shard)
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(work, range(2)))

    return both
