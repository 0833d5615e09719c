"""Measures one Jupyter kernel as its front ends see it: kernels.py session|notebook COUNT KERNEL LANGUAGE

Prints one JSON object: seconds, milliseconds for the medians, megabytes.
"""

import json
import logging
import statistics
import subprocess
import sys
import tempfile
import time

import nbformat
import psutil
from jupyter_client.manager import KernelManager
from nbconvert.preprocessors import ExecutePreprocessor

logging.disable(logging.CRITICAL)
STARTS = 3
COMPLETIONS = 20
QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def cell(language: str, index: int) -> str:
    return f"x{index} = {index}\nx{index} + 1" if language == "python" else f"const x{index}: number = {index}\nx{index} + 1"


def start(kernel: str):
    began = time.perf_counter()
    manager = KernelManager(kernel_name=kernel)
    manager.start_kernel(**QUIET)
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    return manager, client, time.perf_counter() - began


def leave(manager, client) -> None:
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def memory(pid: int) -> float:
    """Megabytes in use by the process and those it has started."""
    root = psutil.Process(pid)
    return sum(each.memory_info().rss for each in [root, *root.children(recursive=True)]) / 2**20


def run(client, code: str) -> float:
    began = time.perf_counter()
    reply = client.execute_interactive(code, timeout=60, output_hook=lambda message: None)
    if reply["content"]["status"] != "ok":
        raise RuntimeError(f"{code}: {reply['content']}")
    return time.perf_counter() - began


def completion(client, language: str) -> float | None:
    """Milliseconds for members of a variable, each time another text as when typing; none for a kernel that finds none."""
    times = []
    for index in range(1, COMPLETIONS + 1):
        code = f"x{index}.bit_l" if language == "python" else f"x{index}.toFix"
        began = time.perf_counter()
        found = client.complete(code, reply=True, timeout=60)["content"]["matches"]
        times.append(time.perf_counter() - began)
        if not found:
            return None
    return 1000 * statistics.median(times)


def session(kernel: str, language: str, count: int) -> dict[str, float | None]:
    starts, firsts = [], []
    for again in range(STARTS):
        manager, client, ready = start(kernel)
        starts.append(ready)
        firsts.append(run(client, cell(language, 0)))
        if again < STARTS - 1:
            leave(manager, client)
    times = [run(client, cell(language, index)) for index in range(1, count + 1)]
    used = memory(manager.provisioner.process.pid)
    completed = completion(client, language)
    leave(manager, client)
    return {
        "ready": statistics.median(starts),
        "first": statistics.median(each + first for each, first in zip(starts, firsts)),
        "median": 1000 * statistics.median(times),
        "p90": 1000 * statistics.quantiles(times, n=10)[-1],
        "memory": used,
        "completion": completed,
    }


def notebook(kernel: str, language: str, count: int) -> dict[str, float]:
    cells = [nbformat.v4.new_code_cell(cell(language, index)) for index in range(count)]
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        executor = ExecutePreprocessor(kernel_name=kernel, timeout=60)
        executor.preprocess(nbformat.v4.new_notebook(cells=cells), {"metadata": {"path": folder}})
    return {"notebook": time.perf_counter() - began}


what, count, kernel, language = sys.argv[1:]
print(json.dumps({"session": session, "notebook": notebook}[what](kernel, language, int(count))))
