import copy

import torch

from ostnet.training import discriminator as discriminator_module
from ostnet.training.config import TrainConfig
from ostnet.training.discriminator import Discriminator
from ostnet.training.parallel import Processes


def pictures(generator, blurred: bool) -> torch.Tensor:
    image = torch.rand(4, 3, 32, 32, generator=generator)
    return torch.nn.functional.avg_pool2d(image, 5, 1, 2) if blurred else image


def test_a_discriminator_learns_to_tell_blurred_results_from_sharp_targets(generator, monkeypatch):
    monkeypatch.setattr(discriminator_module, "HEAD_START", 0)
    torch.manual_seed(0)
    discriminator = Discriminator(TrainConfig(discriminator_rate=2e-3), Processes("cpu"))
    for _ in range(60):
        discriminator.train_step(
            pictures(generator, blurred=True), pictures(generator, blurred=False)
        )
    target = pictures(generator, blurred=False)
    blurred = discriminator.generator_terms(pictures(generator, blurred=True), target)
    same = discriminator.generator_terms(target, target)
    assert blurred["adversarial"] > same["adversarial"] + 0.5
    assert same["matching"] == 0


def test_the_generator_learns_nothing_from_it_during_its_head_start(generator):
    discriminator = Discriminator(TrainConfig(discriminator_rate=1e-3), Processes("cpu"))
    result = pictures(generator, blurred=True).requires_grad_()
    terms = discriminator.generator_terms(result, result.detach())
    assert not any(term or term.requires_grad for term in terms.values())


def test_gradients_reach_the_result_and_not_the_discriminator(generator, monkeypatch):
    monkeypatch.setattr(discriminator_module, "HEAD_START", 0)
    discriminator = Discriminator(TrainConfig(discriminator_rate=1e-3), Processes("cpu"))
    result = pictures(generator, blurred=True).requires_grad_()
    terms = discriminator.generator_terms(result, pictures(generator, blurred=False))
    sum(terms.values()).backward()
    assert result.grad.abs().max() > 0
    assert all(weight.grad is None for weight in discriminator.network.parameters())


def test_a_step_with_a_loss_that_is_not_finite_is_left_out(generator):
    discriminator = Discriminator(TrainConfig(discriminator_rate=1e-3), Processes("cpu"))
    before = {name: value.clone() for name, value in discriminator.network.named_parameters()}
    result = pictures(generator, blurred=True)
    result[0] = float("nan")
    discriminator.train_step(result, pictures(generator, blurred=False))
    assert discriminator.steps == 0
    assert all(torch.equal(v, before[name]) for name, v in discriminator.network.named_parameters())


def test_a_resumed_discriminator_goes_on_as_if_never_stopped(generator):
    one, other = (
        Discriminator(TrainConfig(discriminator_rate=1e-3), Processes("cpu")) for _ in range(2)
    )
    batches = [(pictures(generator, True), pictures(generator, False)) for _ in range(4)]
    for pair in batches[:2]:
        one.train_step(*pair)
    other.load_state_dict(copy.deepcopy(one.state_dict()))
    for pair in batches[2:]:
        one.train_step(*pair)
        other.train_step(*pair)
    assert other.steps == 4
    both = zip(one.network.parameters(), other.network.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in both)
