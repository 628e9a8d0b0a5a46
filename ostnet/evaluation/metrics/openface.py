"""AED as the lineage's scripts compute it: OpenFace's nn4.small2 on whole frames.

The weights are ``openface.pth`` (OpenFacePytorch, converted from ``nn4.small2.v1.t7``), which this
package does not carry; the modules below bear the names of its keys. The torch7 file itself cannot
be read: OpenCV 5 has dropped its reader.
"""

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from skimage.transform import resize
from torch import Tensor, nn

from ostnet.errors import InputError
from ostnet.evaluation.metrics import formulas
from ostnet.evaluation.metrics.columns import Record
from ostnet.evaluation.metrics.face_reader import Face
from ostnet.evaluation.metrics.network_files import digest, read_tensors

SIDE = 96
"""Side of the frame that the network sees."""


class OpenFaceAed:
    """Squared L2 distance of two frames' embeddings, generated frame against ground truth."""

    kind = "openface"

    def __init__(self, path: Path, device: str = "cpu"):
        """path: state dict of OpenFacePytorch's network."""
        state = read_tensors(path, "openface", "openface.pth of OpenFacePytorch")
        self._network = OpenFaceNet()
        try:
            self._network.load_state_dict(state)
        except RuntimeError as error:
            raise InputError(
                f"openface: {path} does not hold nn4.small2's layers; give openface.pth of "
                f"OpenFacePytorch ({str(error).splitlines()[0]})"
            ) from error
        self._network.eval().to(device)
        self._device = device
        self.name = f"OpenFace nn4.small2 {path.name} ({digest([path])})"

    @torch.inference_mode()
    def read(self, images: Sequence[np.ndarray], faces: Sequence[Face | None]) -> list[np.ndarray]:
        """uint8 RGB (H, W, 3) frames -> (128,) unit embeddings; where a face is does not matter."""
        batch = torch.from_numpy(np.stack([to_input(image) for image in images]))
        return list(self._network(batch.to(self._device)).cpu().numpy().astype(np.float64))

    def columns(self, output: np.ndarray, source: np.ndarray, driver: np.ndarray) -> Record:
        """aed of one frame against the ground truth."""
        return {"aed": formulas.aed(driver, output)}


def to_input(image: np.ndarray) -> np.ndarray:
    """uint8 RGB (H, W, 3) -> float32 BGR (3, 96, 96) in [0, 1], bilinear, not anti-aliased.

    The order of channels and the resizing are the scripts' (scikit-image 0.14), not OpenFace's.
    """
    small = resize(image[..., ::-1], (SIDE, SIDE), order=1, anti_aliasing=False)
    return np.ascontiguousarray(small.transpose(2, 0, 1), dtype=np.float32)


class OpenFaceNet(nn.Module):
    """nn4.small2 of OpenFace 0.2: (B, 3, 96, 96) in [0, 1] -> (B, 128) of unit length."""

    def __init__(self):
        super().__init__()
        self.layer1 = nn.Conv2d(3, 64, 7, 2, 3)
        self.layer2 = nn.BatchNorm2d(64)
        self.layer6 = nn.Conv2d(64, 64, 1)
        self.layer7 = nn.BatchNorm2d(64)
        self.layer9 = nn.Conv2d(64, 192, 3, 1, 1)
        self.layer10 = nn.BatchNorm2d(192)
        peak, root = nn.MaxPool2d(3, 2), nn.LPPool2d(2, 3, 3)
        self.layer14 = Inception(192, {3: (96, 128), 5: (16, 32)}, 1, peak, 32, 64)
        self.layer15 = Inception(256, {3: (96, 128), 5: (32, 64)}, 1, root, 64, 64)
        self.layer16 = Inception(320, {3: (128, 256), 5: (32, 64)}, 2, peak)
        self.layer17 = Inception(640, {3: (96, 192), 5: (32, 64)}, 1, root, 128, 256)
        self.layer18 = Inception(640, {3: (160, 256), 5: (64, 128)}, 2, peak)
        self.layer19 = Inception(1024, {3: (96, 384)}, 1, root, 96, 256)
        self.layer21 = Inception(736, {3: (96, 384)}, 1, peak, 96, 256)
        self.layer25 = nn.Linear(736, 128)

    def forward(self, image: Tensor) -> Tensor:
        x = F.relu(self.layer2(self.layer1(image)))  # (B, 64, 48, 48)
        x = _normalise(F.max_pool2d(x, 3, 2, 1))  # (B, 64, 24, 24)
        x = F.relu(self.layer7(self.layer6(x)))
        x = F.relu(self.layer10(self.layer9(x)))
        x = F.max_pool2d(_normalise(x), 3, 2, 1)  # (B, 192, 12, 12)
        x = self.layer16(self.layer15(self.layer14(x)))  # (B, 640, 6, 6)
        x = self.layer18(self.layer17(x))  # (B, 1024, 3, 3)
        x = self.layer21(self.layer19(x))  # (B, 736, 3, 3)
        x = self.layer25(F.avg_pool2d(x, 3).flatten(1))
        return x / (x.square().sum(1, keepdim=True) + 1e-6).sqrt()


class Inception(nn.Module):
    """Branches side by side, each padded with zeros to the largest and joined by channels.

    Args:
        channels: of the input.
        kernels: size of a square kernel -> channels after its 1 x 1 reduction, and after itself.
        stride: of these kernels.
        pool: the pooling branch's pooling.
        pooled: channels of the 1 x 1 convolution after it; 0: none.
        direct: channels of a branch of one 1 x 1 convolution; 0: no such branch.
    """

    def __init__(
        self,
        channels: int,
        kernels: dict[int, tuple[int, int]],
        stride: int,
        pool: nn.Module,
        pooled: int = 0,
        direct: int = 0,
    ):
        super().__init__()
        branches = [
            _layers(
                nn.Conv2d(channels, reduced, 1), nn.Conv2d(reduced, out, size, stride, size // 2)
            )
            for size, (reduced, out) in kernels.items()
        ]
        branches.append(_layers(pool, *([nn.Conv2d(channels, pooled, 1)] if pooled else [])))
        if direct:
            branches.append(_layers(nn.Conv2d(channels, direct, 1)))
        self.seq_list = nn.ModuleList(branches)

    def forward(self, x: Tensor) -> Tensor:
        outputs = [branch(x) for branch in self.seq_list]
        height, width = (max(y.shape[axis] for y in outputs) for axis in (2, 3))
        return torch.cat([_padded(y, height, width) for y in outputs], dim=1)


def _layers(*parts: nn.Module) -> nn.Sequential:
    """Pooling or convolutions, these with batch norm and ReLU, numbered as in the weights."""
    layers = OrderedDict()
    for part in parts:
        if isinstance(part, nn.Conv2d):
            layers[f"{len(layers) + 1}_conv"] = part
            layers[f"{len(layers) + 1}_bn"] = nn.BatchNorm2d(part.out_channels)
            layers[f"{len(layers) + 1}_relu"] = nn.ReLU()
        else:
            layers[f"{len(layers) + 1}_pool"] = part
    return nn.Sequential(layers)


def _padded(x: Tensor, height: int, width: int) -> Tensor:
    """Zeros around (B, C, h, w), an odd one at the right and at the bottom."""
    rows, columns = height - x.shape[2], width - x.shape[3]
    return F.pad(x, (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2))


def _normalise(x: Tensor) -> Tensor:
    """Local response normalisation across five channels."""
    return F.local_response_norm(x, 5, alpha=1e-4, beta=0.75, k=1.0)
