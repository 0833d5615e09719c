"""Runs jupyter_kernel_test against one kernel: suite.py KERNEL LANGUAGE [TEST]. Prints one JSON object."""

import json
import signal
import subprocess
import sys
import unittest

import jupyter_kernel_test as suite
from jupyter_client.manager import KernelManager, start_new_kernel

# Kernels outlive whoever is killed over them; holding its output open, they would keep it from ever ending.
QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
# Seconds a test may take; the suite itself waits without end for some messages that some kernels never send.
PATIENCE = 20
LATE = f"no answer within {PATIENCE} s"

SAMPLES = {
    "typescript": {
        "language_name": "typescript",
        "file_extension": ".ts",
        "code_hello_world": "console.log('hello, world')",
        "code_stderr": "console.error('error')",
        "completion_samples": [
            {"text": "'fovea'.toUpp", "matches": {"toUpperCase"}},
            {"text": "Math.atan", "matches": {"atan", "atan2", "atanh"}},
        ],
        "complete_code_samples": ["1 + 1", "const a = 1", "function f() { return 1 }", "// only a comment", ""],
        "incomplete_code_samples": ["function f() {", "const a = [1,", "if (1 > 0) {", "f(", "`abc", "/* abc"],
        "invalid_code_samples": ["const = 1", "}", "let 1a = 2", "const a = 'abc"],
        "code_generate_error": "throw new Error('on purpose')",
        "code_execute_result": [
            {"code": "6 * 7", "result": "42"},
            {"code": "1 + 2", "result": "3"},
            {"code": "10 - 4", "result": "6"},
            {"code": "[1, 2].length", "result": "2"},
        ],
        "code_display_data": [
            {"code": "display({ [Symbol.for('Jupyter.display')]: () => ({ 'text/html': '<b>x</b>' }) })", "mime": "text/html"},
        ],
        "code_history_pattern": "1?+?2*",
        "code_inspect_sample": "Math.max",
        "code_clear_output": "import { clear } from 'fovea/kernel/display'; console.log('x'); clear()",
    },
    "python": {
        "language_name": "python",
        "file_extension": ".py",
        "code_hello_world": "print('hello, world')",
        "code_stderr": "import sys; print('error', file=sys.stderr)",
        "completion_samples": [{"text": "'fovea'.uppe", "matches": {"upper"}}],
        "complete_code_samples": ["1 + 1", "a = 1", "print('x')"],
        "incomplete_code_samples": ["def f():", "a = [1,", "if 1 > 0:"],
        "invalid_code_samples": ["import = 7q", "a = "],
        "code_generate_error": "raise ValueError('on purpose')",
        "code_execute_result": [
            {"code": "6 * 7", "result": "42"},
            {"code": "1 + 2", "result": "3"},
            {"code": "10 - 4", "result": "6"},
            {"code": "len([1, 2])", "result": "2"},
        ],
        "code_display_data": [
            {"code": "from IPython.display import HTML, display; display(HTML('<b>x</b>'))", "mime": "text/html"},
        ],
        "code_history_pattern": "1?+?2*",
        "code_inspect_sample": "max",
        "code_clear_output": "from IPython.display import clear_output; print('x'); clear_output()",
    },
}
# Where the languages agree and the kernels' own libraries do not.
SAMPLES["tslab"] = {
    **SAMPLES["typescript"],
    "code_display_data": [{"code": "import { display } from 'tslab'; display.html('<b>x</b>')", "mime": "text/html"}],
    "code_clear_output": "console.log('x')",
}
SAMPLES["deno"] = {
    **SAMPLES["typescript"],
    "code_display_data": [{"code": "await Deno.jupyter.display(Deno.jupyter.html`<b>x</b>`)", "mime": "text/html"}],
    "code_clear_output": "await Deno.jupyter.broadcast('clear_output', { wait: false })",
}


def begin(case) -> None:
    case.km, case.kc = start_new_kernel(kernel_name=case.kernel_name, **QUIET)


def begin_unheard(case) -> None:
    """The welcome is the first message of all, so nothing is connected yet."""
    case.km = KernelManager(kernel_name=case.kernel_name)
    case.km.start_kernel(**QUIET)
    case.kc = case.km.client()


def leave(case) -> None:
    """The suite's own tearDownClass asks kindly, over a context that may be closed by then."""
    case.km.shutdown_kernel(now=True)
    case.kc.stop_channels()


class Bounded:
    """A test that takes too long has failed, and the next one begins."""

    def run(self, result=None):
        def late(*_) -> None:
            raise TimeoutError(LATE)

        signal.signal(signal.SIGALRM, late)
        signal.alarm(PATIENCE)
        try:
            return super().run(result)
        finally:
            signal.alarm(0)


def build(kernel: str, language: str) -> list[type[unittest.TestCase]]:
    own = {"kernel_name": kernel, "tearDownClass": classmethod(leave), "get_non_kernel_info_reply": answered}
    operations = ("tail", "range", "search")
    members = {**own, "setUpClass": classmethod(begin), "supported_history_operations": operations, **SAMPLES[language]}
    welcome = {**own, "setUpClass": classmethod(begin_unheard), "support_iopub_welcome": True}
    return [type("Kernel", (Bounded, suite.KernelTests), members), type("Welcome", (Bounded, suite.IopubWelcomeTests), welcome)]


def answered(case, timeout: float | None = None):
    """The suite waits without end for some replies, and some kernels never send them."""
    while True:
        reply = case.kc.get_shell_msg(timeout=timeout or suite.TIMEOUT)
        if reply["header"]["msg_type"] != "kernel_info_reply":
            return reply


class Record(unittest.TestResult):
    """Keeps one outcome for each test; a test with a failed part has failed."""

    def __init__(self) -> None:
        super().__init__()
        self.outcomes: dict[str, str] = {}

    def startTest(self, test: unittest.TestCase) -> None:
        super().startTest(test)
        self.outcomes[test._testMethodName] = "passed"

    def _note(self, test: unittest.TestCase, what: str) -> None:
        self.outcomes[getattr(test, "_testMethodName", str(test))] = what

    def addFailure(self, test, err) -> None:
        self._note(test, f"failed: {err[1]}")

    addError = addFailure

    def addSubTest(self, test, subtest, err) -> None:
        if err is not None:
            self._note(test, f"failed: {subtest._subDescription()} {err[1]}")

    def addSkip(self, test, reason: str) -> None:
        parent = getattr(test, "test_case", test)
        if self.outcomes.get(parent._testMethodName) in (None, "passed"):
            self._note(parent, f"skipped: {reason}")


def run(kernel: str, language: str, only: list[str]) -> dict[str, str]:
    record = Record()
    loader = unittest.TestLoader()
    for case in build(kernel, language):
        names = [name for name in loader.getTestCaseNames(case) if not only or name in only]
        unittest.TestSuite(case(name) for name in names).run(record)
    return record.outcomes


def main() -> None:
    kernel, language, *only = sys.argv[1:]
    outcomes = run(kernel, language, only)
    # One lost message on a busy machine is no verdict: what came too late is asked once more.
    late = [name for name, outcome in outcomes.items() if LATE in outcome]
    print(json.dumps({**outcomes, **(run(kernel, language, late) if late else {})}))


main()
