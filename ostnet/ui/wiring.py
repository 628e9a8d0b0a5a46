"""Settings that many events share."""

PRIVATE = {"api_visibility": "private"}
"""Of every event but the two of the interface for programs."""

TURN = {"concurrency_id": "model", "concurrency_limit": 1}
"""One run of the networks at a time, whoever asks."""

MODEL_TURN = PRIVATE | TURN
