"""Names for the 68 facial landmarks in iBUG order (300-W) that the metrics refer to."""

NOSE_BRIDGE = 27
NOSE_BASE = 33
EYES = (range(36, 42), range(42, 48))
"""The six points around each eye, the one on the picture's left first."""
INNER_LIP_UPPER = [61, 62, 63]
INNER_LIP_LOWER = [67, 66, 65]
RIGID = [27, 28, 29, 30, 31, 33, 35, 36, 39, 42, 45, 0, 16]
"""Points that speech does not move: nose bridge to tip, nostrils, nose base, four eye corners, and
the two ends of the jaw line at the ears."""
