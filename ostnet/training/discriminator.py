"""A discriminator of small patches, for sharper results (beyond the paper).

Pixel and feature distances are smallest for a blurred average: lips half open, teeth as a grey bar.
A discriminator of patches of results and patches of targets penalises that. Hinge losses
(arXiv 1705.02894), spectral norm (arXiv 1802.05957), feature matching (arXiv 1711.11585).
Shapes: B batch, C channels, H, W pixels.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from ostnet.training.config import TrainConfig
from ostnet.training.parallel import Processes

HEAD_START = 300  # steps that the discriminator learns before the generator's loss includes it


class PatchDiscriminator(nn.Module):
    """Map (B, 3, H, W) in [0, 1] to features at 1/2, 1/4, 1/8 and scores (B, 1, H / 8, W / 8).

    ``width``: channels at 1/2 of the size; at 1/4 and 1/8 twice and four times as many.
    """

    def __init__(self, width: int):
        super().__init__()
        widths = (width, 2 * width, 4 * width)
        inputs = (3, *widths[:-1])
        self.down = nn.ModuleList(
            spectral_norm(nn.Conv2d(one, other, kernel_size=4, stride=2, padding=1))
            for one, other in zip(inputs, widths, strict=True)
        )
        self.head = spectral_norm(nn.Conv2d(widths[-1], 1, kernel_size=3, padding=1))

    def forward(self, image: Tensor) -> tuple[list[Tensor], Tensor]:
        """Return the features and the scores: high for targets, low for results, about [-1, 1]."""
        features, x = [], 2 * image - 1
        for layer in self.down:
            x = F.leaky_relu(layer(x), 0.2)
            features.append(x)
        return features, self.head(x)


class Discriminator:
    """A patch discriminator with its own optimiser, shared by all processes."""

    def __init__(self, config: TrainConfig, processes: Processes):
        self.processes = processes
        self.network = PatchDiscriminator(config.discriminator_width)
        self.network.to(processes.device, memory_format=torch.channels_last)  # pyright: ignore
        rate = config.discriminator_rate
        self.adam = torch.optim.Adam(self.network.parameters(), rate, betas=(0.5, 0.9))
        self.steps = 0

    def train_step(self, result: Tensor, target: Tensor) -> None:
        """Take one step on results and targets (B, 3, H, W), without a gradient to the generator.

        No step is taken if the loss is not finite.
        """
        self.network.train().requires_grad_(True)
        _, scores = self.network(torch.cat([result.detach(), target]))
        of_result, of_target = scores.float().chunk(2)
        loss = F.relu(1 + of_result).mean() + F.relu(1 - of_target).mean()
        if not self.processes.all(torch.isfinite(loss)):
            return
        self.adam.zero_grad(set_to_none=True)
        loss.backward()
        self.processes.average_gradients(self.network.parameters())
        self.adam.step()
        self.steps += 1

    def generator_terms(self, result: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Return the generator's terms (scalars): ``adversarial`` hinge and feature ``matching``.

        Both are zero, without a gradient, during the discriminator's head start.
        """
        if self.steps < HEAD_START:
            return {name: result.new_zeros(()) for name in ("adversarial", "matching")}
        self.network.eval().requires_grad_(False)
        ours, scores = self.network(result)
        with torch.no_grad():
            theirs, _ = self.network(target)
        matching = [F.l1_loss(a.float(), b.float()) for a, b in zip(ours, theirs, strict=True)]
        return {"adversarial": -scores.float().mean(), "matching": sum(matching)}  # pyright: ignore[reportReturnType]

    def state_dict(self) -> dict:
        """Return all that a resumed run needs."""
        return {
            "network": self.network.state_dict(),
            "optimizer": self.adam.state_dict(),
            "steps": self.steps,
        }

    def load_state_dict(self, state: dict) -> None:
        """Restore a ``state_dict``."""
        self.network.load_state_dict(state["network"])
        self.adam.load_state_dict(state["optimizer"])
        self.steps = state["steps"]
