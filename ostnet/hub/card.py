"""The model card that goes beside published weights."""

import json
from math import prod

from ostnet.hub.downloads import CONFIG, WEIGHTS
from ostnet.hub.front_matter import join, split
from ostnet.hub.lookup import Checkpoint

FRONT_MATTER = {
    "library_name": "ostnet",
    "pipeline_tag": "image-to-video",
    "tags": ["talking-head", "face-reenactment", "image-to-video"],
}
"""What every card says, unless the checkpoint's own says otherwise."""


def model_card(checkpoint: Checkpoint, repo: str) -> str:
    """The checkpoint's own README.md, or one made of what its files say; with front matter."""
    own = checkpoint.folder / "README.md"
    values, body = split(own.read_text(encoding="utf-8")) if own.is_file() else ({}, "")
    return join({**FRONT_MATTER, **values}, body if body.strip() else _body(checkpoint, repo))


def _body(checkpoint: Checkpoint, repo: str) -> str:
    config = json.loads((checkpoint.folder / CONFIG).read_text(encoding="utf-8"))
    parameters = _parameters(checkpoint) / 1e6
    measured = (
        "`metrics.json`, beside the weights, holds what was measured and on what."
        if (checkpoint.folder / "metrics.json").is_file()
        else "No measurements come with these weights."
    )
    return f"""# {repo.split("/")[1]}

Weights for OSTNet: one portrait and one driving clip in, a video of that person performing the clip
out, at the portrait's face size. An independent implementation of *Learning Online Scale
Transformation for Talking Head Video Generation*
([arXiv 2407.09965](https://arxiv.org/abs/2407.09965)).

```bash
ostnet animate --checkpoint {repo} --source portrait.jpg --driving clip.mp4 --output out.mp4
```

```python
from ostnet import OSTNet

model = OSTNet.from_pretrained("{repo}")
```

{parameters:.2f} million numbers, for pictures of {config["resolution"]} x {config["resolution"]}
pixels; `{CONFIG}` says the widths. {measured} How they were trained, and under which terms they may
be used, whoever published them has not said here.

Faces of real people only with their consent, and never to pass for them.
"""


def _parameters(checkpoint: Checkpoint) -> int:
    from safetensors import safe_open

    with safe_open(checkpoint.folder / WEIGHTS, framework="numpy") as file:
        return sum(prod(file.get_slice(name).get_shape()) for name in file.keys())
