"""`python -m gramflow` is the command `gramflow`."""

import sys

from gramflow.commands.main import main

sys.exit(main())
