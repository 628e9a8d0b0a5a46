"""Publishing of weights, configuration and card in a repository on the Hugging Face Hub."""

from collections.abc import Iterator
from contextlib import contextmanager

from ostnet.errors import InputError
from ostnet.hub.card import model_card
from ostnet.hub.downloads import brief, parts_among, quiet_client
from ostnet.hub.lookup import Checkpoint


def publish(
    repo: str, checkpoint: Checkpoint, private: bool = False, branch: str | None = None
) -> str:
    """Publish a checkpoint in one commit; make the repository and the branch if needed.

    Args:
        repo: ``owner/name``.
        checkpoint: the weights.
        private: make the repository visible only to its owner.
        branch: None: ``main``.

    Returns:
        The commit's hash; ``owner/name@hash`` names these weights permanently.

    Raises:
        InputError: the token is missing or has no write access, the name is invalid, the repository
            is public although ``private``, or the Hub cannot be reached.
    """
    from huggingface_hub import CommitOperationAdd, HfApi, get_token

    if get_token() is None:
        raise InputError(
            "token: none found; log in with hf auth login, or set HF_TOKEN to a token with write "
            "access"
        )
    folder = checkpoint.folder
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    named = {file.relative_to(folder).as_posix(): file for file in files}
    additions = [CommitOperationAdd("README.md", model_card(checkpoint, repo).encode())]
    additions += [
        CommitOperationAdd(name, named[name]) for name in parts_among(named) if name != "README.md"
    ]
    api = HfApi()
    with _as_input_errors(repo), quiet_client():
        api.create_repo(repo, private=private or None, exist_ok=True)
        if private and not api.model_info(repo).private:
            raise InputError(
                f"repo: {repo} exists and is public; make it private on the Hub or choose another"
            )
        if branch is not None:
            api.create_branch(repo, branch=branch, exist_ok=True)
        return api.create_commit(
            repo, additions, commit_message=f"Weights {checkpoint.name}", revision=branch
        ).oid


@contextmanager
def _as_input_errors(repo: str) -> Iterator[None]:
    """Turn errors of the Hub's client into input errors."""
    from huggingface_hub.errors import HFValidationError

    try:
        yield
    except InputError:
        raise
    except HFValidationError as error:
        raise InputError(
            f"repo: {repo!r} is not a valid repository name; give owner/name"
        ) from error
    except Exception as error:  # the HTTP library of the Hub's client raises it
        status = getattr(getattr(error, "response", None), "status_code", None)
        if status in (401, 403):
            raise InputError(
                f"token: it has no write access to {repo} ({brief(error)}); log in with "
                "hf auth login, or set HF_TOKEN to a token with write access"
            ) from error
        raise InputError(
            f"repo: publishing to {repo} failed ({brief(error)}); try again later"
        ) from error
