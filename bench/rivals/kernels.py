"""Measures Jupyter kernels as their front ends see them: kernels.py COUNT KERNEL:LANGUAGE... Prints one JSON object."""

import json
import logging
import statistics
import sys
import tempfile
import time

import nbformat
import psutil
from jupyter_client.manager import KernelManager
from nbconvert.preprocessors import ExecutePreprocessor

logging.disable(logging.CRITICAL)
STARTS = 3
QUIET = {"stdout": -3, "stderr": -3}


def cell(language: str, index: int) -> str:
    return f"x{index} = {index}\nx{index} + 1" if language == "python" else f"const x{index}: number = {index}\nx{index} + 1"


def start(kernel: str):
    began = time.perf_counter()
    manager = KernelManager(kernel_name=kernel)
    manager.start_kernel(**QUIET)
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=120)
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
    reply = client.execute_interactive(code, timeout=120, output_hook=lambda message: None)
    if reply["content"]["status"] != "ok":
        raise RuntimeError(f"{code}: {reply['content']}")
    return time.perf_counter() - began


def measure(kernel: str, language: str, count: int) -> dict[str, float]:
    starts, firsts = [], []
    for again in range(STARTS):
        manager, client, ready = start(kernel)
        starts.append(ready)
        firsts.append(run(client, cell(language, 0)))
        if again < STARTS - 1:
            leave(manager, client)
    times = [run(client, cell(language, index)) for index in range(1, count + 1)]
    used = memory(manager.provisioner.process.pid)
    leave(manager, client)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell(language, index)) for index in range(count)])
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        ExecutePreprocessor(kernel_name=kernel, timeout=120).preprocess(notebook, {"metadata": {"path": folder}})
    return {
        "ready": statistics.median(starts),
        "first": statistics.median(firsts),
        "median": 1000 * statistics.median(times),
        "p90": 1000 * statistics.quantiles(times, n=10)[-1],
        "memory": used,
        "notebook": time.perf_counter() - began,
    }


count, *kernels = sys.argv[1:]
print(json.dumps({name: measure(name, language, int(count)) for name, language in (each.split(":") for each in kernels)}))
