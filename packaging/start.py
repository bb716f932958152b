"""Where the frozen program starts."""

import sys

from gui.launch import main

sys.exit(main())
