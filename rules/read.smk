# Reads config.yaml before Snakemake does, which does not say where in it an error is.
import sys
from pathlib import Path

from gramflow.base.errors import GramflowError
from gramflow.settings.reading import read_config

try:
    if Path("config.yaml").is_file():
        read_config(Path("config.yaml"))
except GramflowError as error:
    sys.exit(f"ERROR: {error}")
