"""``python -m qa`` is the command ``qa``."""

import sys

from qa.start import main

sys.exit(main())
