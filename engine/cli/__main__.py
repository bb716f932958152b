"""`python -m engine.cli`: the terminal without the entry point."""

import sys

from engine.cli.main import main

sys.exit(main())
