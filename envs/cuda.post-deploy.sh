#!/bin/sh
# Runs in the new conda environment; GRAMFLOW is a checkout of this workflow.
set -eu
checkout=${GRAMFLOW:?export GRAMFLOW=the folder of the workflow, with its pyproject.toml}
python -m pip install --require-hashes --requirement "$checkout/requirements-cuda.lock"
python -m pip install --no-deps --no-build-isolation "$checkout"
