"""Ray, which runs work on several machines."""

import os
from types import ModuleType

from ostnet.errors import InputError


def connected_ray(workers: int) -> ModuleType:
    """Return the ``ray`` module, connected to the cluster that RAY_ADDRESS names.

    Without that variable it starts a cluster of ``workers`` processors on this machine.

    Raises:
        InputError: Ray is not installed, or its cluster cannot be reached.
    """
    try:
        import ray  # pyright: ignore[reportMissingImports]
        import ray.data  # pyright: ignore[reportMissingImports]
    except ModuleNotFoundError as error:
        raise InputError(
            f"ray: the module {error.name!r} is missing; install it with pip install 'ostnet[ray]'"
        ) from error
    if not ray.is_initialized():
        here = {} if os.environ.get("RAY_ADDRESS") else {"num_cpus": workers}
        try:
            ray.init(log_to_driver=False, logging_level="error", **here)
        except (ConnectionError, ValueError, RuntimeError) as error:
            what = str(error).splitlines()[0]
            raise InputError(f"ray: no cluster ({what}); check RAY_ADDRESS") from error
    return ray
