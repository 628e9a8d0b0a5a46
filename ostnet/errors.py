"""The exception for errors that a user of the program can cause."""


class InputError(ValueError):
    """An input that cannot be used.

    The message has the form ``<which input>: <what is wrong; what to do>``. The command line
    prints it as one line and exits with code 2; the page shows it as a warning.
    """

    exit_code: int = 2
    """Exit code of the command line."""
