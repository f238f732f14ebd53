"""Prints PESQ (ITU-T P.862, P.862.2 at 16 kHz) of speech after and before: score.py HZ BEFORE AFTER.

Both files are raw 16-bit little-endian mono. The `pesq` package holds the reference implementation.
"""

import sys

import numpy
from pesq import pesq

hz = int(sys.argv[1])
before, after = (numpy.fromfile(name, dtype="<i2") for name in sys.argv[2:4])
print(pesq(hz, before, after, "nb" if hz == 8000 else "wb"))
