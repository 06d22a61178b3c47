"""What an array holds, for annotations."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]
"""(height, width, 3), RGB, 0..1."""
Pixels = NDArray[Any]
"""(height, width, 3), RGB, as stored: 8 or 16 bits a channel."""
