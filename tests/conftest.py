"""Settings of the whole suite."""

import os
import shutil
import signal
import tempfile

import pytest

# Before torch is imported: its threads sleep between layers instead of spinning, which on a busy
# machine makes small networks many times faster.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# One thread each: small networks on several spend their time waiting for one another.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Graphs that back ends build are kept from run to run, but not among the user's own.
os.environ.setdefault("OSTNET_CACHE", os.path.join(tempfile.gettempdir(), "ostnet-tests"))
# Tab Live is built in the background, from a download: only the tests of that need it.
os.environ.setdefault("OSTNET_WEB", "off")
# Pages in tests' own processes: the uploads of one go with its visitors, so none shares another's.
os.environ["GRADIO_TEMP_DIR"] = os.path.join(
    tempfile.gettempdir(), "ostnet-tests", "gradio", os.environ.get("PYTEST_XDIST_WORKER", "alone")
)

# A shell has what it starts in the background ignore Ctrl-C, nohup has it ignore the end of the
# terminal, and so would all that tests start.
for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, usual)

SLOW = frozenset(
    "batch browser cli web test_animate_handlers test_animator test_api test_cache "
    "test_calibration test_clips test_cluster test_compare test_config test_datasets test_detail "
    "test_diagnostics test_discriminator test_distil test_embedded test_embedding test_end_to_end "
    "test_engine test_equality test_evaluate test_examples test_export test_faces test_faults "
    "test_group test_growth test_hub test_limits test_lineage test_methods test_motion_file "
    "test_moviepy test_names test_network test_nodes test_openvino_runtime test_options "
    "test_parallel test_pipeline test_prepare test_procedural_face test_promises test_publish "
    "test_rectification test_reduced_precision test_registry test_scene test_score test_start "
    "test_suite "
    "test_trainer test_video test_weights test_without_torch".split()
)
"""Folders and files whose tests take several seconds, most of them because they start programs."""

QUICK = "not slow"
"""The quick selection: slow files are not even imported."""

ONE_PROCESS = frozenset(("browser", "web"))
"""Folders whose tests share a running page or exported sites: one worker runs all of them."""


def pytest_ignore_collect(collection_path, config):
    """Leave slow files out of a quick run."""
    names = {collection_path.parent.name, collection_path.stem}
    return True if config.option.markexpr == QUICK and names & SLOW else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark slow tests, and the groups that are handed to the workers."""
    for item in items:
        folder = item.path.parent.name
        if {folder, item.path.stem} & SLOW:
            item.add_marker(pytest.mark.slow)
        group = folder if folder in ONE_PROCESS else f"{folder}/{item.path.stem}"
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="module")
def server():
    """A Hub on this machine."""
    from fake_hub import FakeHub

    with FakeHub() as server:
        yield server


@pytest.fixture(scope="module")
def visitor(server, tmp_path_factory):
    """Someone without a token, whose programs know no other Hub."""
    from hub_visitor import Visitor

    with Visitor(server, tmp_path_factory.mktemp("home")) as visitor:
        yield visitor


@pytest.fixture(scope="session")
def browser():
    """Chromium without a window; one for all, since playwright runs once in a process."""
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.fail("no Chromium: these tests need the package chromium (apt-get install chromium)")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=flags)
        yield chromium
        chromium.close()
