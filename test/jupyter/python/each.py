"""Runs notebooks one after another by nbconvert's preprocessor or by papermill: each.py nbconvert|papermill TIMEOUT FILE...

Each is written back run. Prints for each file the error that ended its run, or null, as one JSON object.
"""

import json
import logging
import sys

import nbformat
import papermill
from nbconvert.preprocessors import ExecutePreprocessor

logging.disable(logging.CRITICAL)


def by_nbconvert(file: str, timeout: int) -> None:
    notebook = nbformat.read(file, as_version=4)
    try:
        ExecutePreprocessor(timeout=timeout, kernel_name="fovea").preprocess(notebook, {"metadata": {"path": "."}})
    finally:
        nbformat.write(notebook, file)


def by_papermill(file: str, timeout: int) -> None:
    papermill.execute_notebook(file, file, execution_timeout=timeout, progress_bar=False, kernel_name="fovea")


def main() -> None:
    tool, timeout, *files = sys.argv[1:]
    run = {"nbconvert": by_nbconvert, "papermill": by_papermill}[tool]
    outcomes: dict[str, str | None] = {}
    for file in files:
        try:
            run(file, int(timeout))
            outcomes[file] = None
        except Exception as error:
            outcomes[file] = f"{type(error).__name__}: {error}"
    print(json.dumps(outcomes))


main()
