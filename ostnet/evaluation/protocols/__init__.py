"""The protocols of ``ostnet evaluate``, a module each."""

from ostnet.evaluation.protocols.cross_identity import CrossIdentity
from ostnet.evaluation.protocols.decoder_probe import DecoderProbe
from ostnet.evaluation.protocols.efficiency import Efficiency
from ostnet.evaluation.protocols.embedding import Embedding
from ostnet.evaluation.protocols.framing import Framing
from ostnet.evaluation.protocols.keypoint_checks import KeypointChecks
from ostnet.evaluation.protocols.protocol import Protocol
from ostnet.evaluation.protocols.reconstruction import DifferentScale, SameScale
from ostnet.evaluation.protocols.rectification import Rectification
from ostnet.evaluation.protocols.stability import Stability
from ostnet.evaluation.protocols.sweeps import Rotation, ScaleSweep

PROTOCOLS: dict[str, Protocol | Efficiency] = {
    protocol.name: protocol
    for protocol in (
        SameScale(),
        DifferentScale(),
        CrossIdentity(),
        Framing(),
        ScaleSweep(),
        Rotation(),
        Stability(),
        Embedding(),
        DecoderProbe(),
        KeypointChecks(),
        Rectification(),
        Efficiency(),
    )
}
"""Name -> protocol, in the order of a report."""
