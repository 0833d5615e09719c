"""Asks a kernel for every row of the messaging protocol over the real wire: protocol.py KERNEL LANGUAGE SECONDS

A row may take that many seconds. Prints one JSON object: for each row "yes", or what was wrong.
"""

import json
import signal
import subprocess
import sys
import time
from queue import Empty

from jupyter_client.manager import KernelManager
from jupyter_client.session import Session

# Kernels outlive whoever is killed over them; holding its output open, they would keep it from ever ending.
QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
PATIENCE = int(sys.argv[3])
UNANSWERED = f"no answer within {PATIENCE} s"

TYPESCRIPT = {
    "print": "console.log('printed')",
    "value": "6 * 7",
    "throw": "throw new RangeError('on purpose')",
    "declare": "let base = 20",
    "expression": "base * 2",
    "sleep": "await new Promise((go) => setTimeout(go, 1500))",
    "loop": "let kept = 5; while (true) {}",
    "await": "await new Promise(() => {})",
    "kept": "kept",
    "complete": ("Math.atan2".removesuffix("2"), "atan2"),
    "inspect": "Math.max",
    "incomplete": "function f() {",
    "invalid": "const = 1",
    "display": "display('shown'); undefined",
    "update": "const place = display('before'); place.update('after'); undefined",
    "clear": "import { clear } from 'fovea/kernel/display'\nconsole.log('a'); clear(true)",
    "input": "input('name? ')",
    "comm": "import { onCommOpen } from 'fovea/kernel/comm'\n"
    "onCommOpen('echo', (comm) => { comm.onMessage = ({ data }) => comm.send({ heard: data }) })",
}
LANGUAGES = {
    "typescript": TYPESCRIPT,
    "tslab": {
        **TYPESCRIPT,
        "display": "import { display } from 'tslab'; display.text('shown')",
        "update": "import { newDisplay } from 'tslab'; const place = newDisplay(); place.text('a'); place.text('b')",
    },
    "deno": {
        **TYPESCRIPT,
        "display": "await Deno.jupyter.display(Deno.jupyter.html`shown`)",
        "update": "for (const update of [false, true]) "
        "await Deno.jupyter.display(Deno.jupyter.html`x`, { display_id: 'place', update })",
        "clear": "await Deno.jupyter.broadcast('clear_output', { wait: true })",
        "input": "prompt('name? ')",
    },
    "python": {
        "print": "print('printed')",
        "value": "6 * 7",
        "throw": "raise ValueError('on purpose')",
        "declare": "base = 20",
        "expression": "base * 2",
        "sleep": "import time; time.sleep(1.5)",
        "loop": "kept = 5\nwhile True: pass",
        "await": "import asyncio; await asyncio.sleep(1000)",
        "kept": "kept",
        "complete": ("'x'.uppe", "upper"),
        "inspect": "max",
        "incomplete": "def f():",
        "invalid": "a = = 1",
        "display": "from IPython.display import display; display('shown')",
        "update": "from IPython.display import display; place = display('a', display_id=True); place.update('b')",
        "clear": "from IPython.display import clear_output; clear_output(wait=True)",
        "input": "input('name? ')",
        "comm": "def opened(comm, message):\n"
        "    comm.on_msg(lambda message: comm.send({'heard': message['content']['data']}))\n"
        "get_ipython().kernel.comm_manager.register_target('echo', opened)",
    },
}


class Late(Exception):
    pass


class Wrong(Exception):
    """A row's answer is another one than the protocol's."""


class Wire:
    """One kernel and its client."""

    def __init__(self, kernel: str) -> None:
        self.manager = KernelManager(kernel_name=kernel)
        self.manager.start_kernel(**QUIET)
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=120)

    def leave(self) -> None:
        self.manager.shutdown_kernel(now=True)
        self.client.stop_channels()

    def send(self, kind: str, content: dict, channel: str = "shell", **header) -> str:
        message = self.client.session.msg(kind, content)
        message["header"].update(header)
        getattr(self.client, f"{channel}_channel").send(message)
        return message["header"]["msg_id"]

    def reply(self, parent: str, channel: str = "shell") -> dict:
        while True:
            message = getattr(self.client, f"get_{channel}_msg")(timeout=PATIENCE)
            if message["parent_header"].get("msg_id") == parent:
                return message

    def published(self, parent: str) -> list[dict]:
        """What comes for a request, from busy to idle."""
        found = []
        while True:
            message = self.client.get_iopub_msg(timeout=PATIENCE)
            if message["parent_header"].get("msg_id") != parent:
                continue
            found.append(message)
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                return found

    def ask(self, kind: str, content: dict, channel: str = "shell", **header) -> tuple[dict, list[dict]]:
        parent = self.send(kind, content, channel, **header)
        reply = self.reply(parent, channel)
        return reply, self.published(parent)

    def begin(self, code: str, **options) -> str:
        defaults = {"silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}
        return self.send("execute_request", {"code": code, **defaults, "stop_on_error": True, **options})

    def execute(self, code: str, **options) -> tuple[dict, list[dict]]:
        parent = self.begin(code, **options)
        return self.reply(parent), self.published(parent)


def need(truth, what) -> None:
    if not truth:
        raise Wrong(str(what)[:160])


def kinds(messages: list[dict]) -> list[str]:
    return [message["msg_type"] for message in messages]


def only(messages: list[dict], kind: str) -> dict:
    found = [message for message in messages if message["msg_type"] == kind]
    need(found, f"no {kind}, but {kinds(messages)}")
    return found[0]["content"]


def execute(wire: Wire, code: dict) -> None:
    reply, published = wire.execute(code["print"])
    need(reply["msg_type"] == "execute_reply" and reply["content"]["status"] == "ok", reply["content"])
    need(isinstance(reply["content"]["execution_count"], int), "no execution_count")
    need(only(published, "stream")["text"].strip() == "printed", "printed otherwise")
    states = [message["content"]["execution_state"] for message in published if message["msg_type"] == "status"]
    need(states == ["busy", "idle"], states)


def execute_input(wire: Wire, code: dict) -> None:
    content = only(wire.execute(code["value"])[1], "execute_input")
    need(content["code"] == code["value"] and isinstance(content["execution_count"], int), content)


def execute_result(wire: Wire, code: dict) -> None:
    content = only(wire.execute(code["value"])[1], "execute_result")
    need("42" in content["data"]["text/plain"] and isinstance(content["execution_count"], int), content)


def error(wire: Wire, code: dict) -> None:
    reply, published = wire.execute(code["throw"])
    for content in (reply["content"], only(published, "error")):
        need({"ename", "evalue", "traceback"} <= content.keys() and "on purpose" in content["evalue"], content)


def silent(wire: Wire, code: dict) -> None:
    before = wire.execute(code["value"])[0]["content"]["execution_count"]
    published = wire.execute(code["print"], silent=True, store_history=False)[1]
    need(set(kinds(published)) == {"status"}, kinds(published))
    unstored, published = wire.execute(code["value"], store_history=False)
    only(published, "execute_result")
    after = wire.execute(code["value"])[0]["content"]["execution_count"]
    need(after == before + 1, f"the count went from {before} to {after}")


def user_expressions(wire: Wire, code: dict) -> None:
    wire.execute(code["declare"])
    reply, _ = wire.execute("", user_expressions={"good": code["expression"], "bad": "nothing_by_this_name"})
    found = reply["content"].get("user_expressions") or {}
    need("good" in found and "40" in found["good"]["data"]["text/plain"] and found["good"]["status"] == "ok", found)
    need(found.get("bad", {}).get("status") == "error", found)


def stop_on_error(wire: Wire, code: dict) -> None:
    for stops, status in ((True, "aborted"), (False, "ok")):
        first = wire.begin(code["sleep"])
        failing = wire.begin(code["throw"], stop_on_error=stops)
        behind = wire.begin(code["value"])
        need(wire.reply(first)["content"]["status"] == "ok", "the first failed")
        need(wire.reply(failing)["content"]["status"] == "error", "nothing failed")
        got = wire.reply(behind)["content"]["status"]
        need(got == status, f"the cell behind: {got}, not {status}")
        wire.published(behind)


def kernel_info(wire: Wire, code: dict) -> None:
    content = wire.ask("kernel_info_request", {})[0]["content"]
    needed = {"status", "protocol_version", "implementation", "implementation_version", "language_info", "banner"}
    need(needed <= content.keys(), f"lacks {needed - content.keys()}")
    needed = {"name", "version", "mimetype", "file_extension"}
    need(needed <= content["language_info"].keys(), content["language_info"])


def complete(wire: Wire, code: dict) -> None:
    text, expected = code["complete"]
    content = wire.ask("complete_request", {"code": text, "cursor_pos": len(text)})[0]["content"]
    need(content["status"] == "ok", content)
    whole = [text[: content["cursor_start"]] + match for match in content["matches"]]
    need(any(each.endswith(expected) for each in whole), content["matches"])


def inspect(wire: Wire, code: dict) -> None:
    text = code["inspect"]
    content = wire.ask("inspect_request", {"code": text, "cursor_pos": len(text), "detail_level": 0})[0]["content"]
    need(content["found"] and content["data"]["text/plain"], content)


def is_complete(wire: Wire, code: dict) -> None:
    for text, status in ((code["value"], "complete"), (code["incomplete"], "incomplete"), (code["invalid"], "invalid")):
        content = wire.ask("is_complete_request", {"code": text})[0]["content"]
        need(content["status"] == status, f"{text}: {content}")
        need(status != "incomplete" or content.get("indent", "").isspace(), "no indent")


def history(wire: Wire, code: dict) -> None:
    wire.execute(code["declare"])
    common = {"output": False, "raw": True}
    asked = (
        {"hist_access_type": "tail", "n": 1},
        {"hist_access_type": "search", "pattern": "*base*", "n": 1},
        {"hist_access_type": "range", "session": 0, "start": 1, "stop": 1000},
    )
    for each in asked:
        found = wire.ask("history_request", {**common, **each})[0]["content"]["history"]
        need(found and found[-1][2] == code["declare"], f"{each['hist_access_type']}: {found}")


def comm_info(wire: Wire, code: dict) -> None:
    reply = wire.ask("comm_info_request", {})[0]
    need(reply["msg_type"] == "comm_info_reply", reply["msg_type"])
    need(isinstance(reply["content"].get("comms"), dict), reply["content"])


def comms(wire: Wire, code: dict) -> None:
    need(wire.execute(code["comm"])[0]["content"]["status"] == "ok", "no comms for code")
    wire.send("comm_open", {"comm_id": "c1", "target_name": "echo", "data": {}})
    said = wire.send("comm_msg", {"comm_id": "c1", "data": {"text": "hello"}})
    need(only(wire.published(said), "comm_msg")["data"] == {"heard": {"text": "hello"}}, "heard otherwise")
    wire.send("comm_close", {"comm_id": "c1", "data": {}})
    unknown = wire.send("comm_open", {"comm_id": "c2", "target_name": "nobody", "data": {}})
    need(only(wire.published(unknown), "comm_close")["comm_id"] == "c2", "closed another")


def display(wire: Wire, code: dict) -> None:
    need("shown" in json.dumps(only(wire.execute(code["display"])[1], "display_data")["data"]), "shown otherwise")


def update_display(wire: Wire, code: dict) -> None:
    published = wire.execute(code["update"])[1]
    first, second = only(published, "display_data"), only(published, "update_display_data")
    need(first["transient"]["display_id"] == second["transient"]["display_id"], "another display_id")


def clear_output(wire: Wire, code: dict) -> None:
    need(only(wire.execute(code["clear"])[1], "clear_output") == {"wait": True}, "wait is lost")


def interrupted(wire: Wire, source: str) -> None:
    running = wire.begin(source)
    time.sleep(1.5)
    asked = wire.send("interrupt_request", {}, "control")
    need(wire.reply(asked, "control")["msg_type"] == "interrupt_reply", "no interrupt_reply")
    need(wire.reply(running)["content"]["status"] == "error", "the cell did not fail")
    only(wire.published(running), "error")


def interrupt_busy(wire: Wire, code: dict) -> None:
    interrupted(wire, code["loop"])
    need("5" in only(wire.execute(code["kept"])[1], "execute_result")["data"]["text/plain"], "state is lost")


def interrupt_waiting(wire: Wire, code: dict) -> None:
    interrupted(wire, code["await"])


def stdin(wire: Wire, code: dict) -> None:
    running = wire.begin(code["input"], allow_stdin=True)
    question = wire.client.get_stdin_msg(timeout=PATIENCE)
    need(question["content"]["prompt"].strip() == "name?" and question["content"]["password"] is False, question)
    answer = wire.client.session.msg("input_reply", {"value": "fovea"}, parent=question)
    wire.client.stdin_channel.send(answer)
    need(wire.reply(running)["content"]["status"] == "ok", "failed")
    need("fovea" in only(wire.published(running), "execute_result")["data"]["text/plain"], "another answer")


def debug(wire: Wire, code: dict) -> None:
    request = {"type": "request", "seq": 1, "command": "debugInfo", "arguments": {}}
    reply = wire.ask("debug_request", request, "control")[0]
    need(reply["msg_type"] == "debug_reply" and reply["content"]["type"] == "response", reply["content"])
    need(reply["content"]["request_seq"] == 1 and reply["content"]["command"] == "debugInfo", reply["content"])


def subshells(wire: Wire, code: dict) -> None:
    features = wire.ask("kernel_info_request", {})[0]["content"].get("supported_features") or []
    need("kernel subshells" in features, f"supported_features {features}")
    subshell = wire.ask("create_subshell_request", {}, "control")[0]["content"]["subshell_id"]
    running = wire.begin(code["sleep"])
    time.sleep(0.3)
    content = {"code": code["value"], "silent": False, "store_history": True, "allow_stdin": False}
    inside = wire.send("execute_request", content, subshell_id=subshell)
    first = wire.client.get_shell_msg(timeout=PATIENCE)
    need(first["parent_header"]["msg_id"] == inside, "the subshell waits for the main shell")
    wire.reply(running)
    listed = wire.ask("list_subshell_request", {}, "control")[0]["content"]["subshell_id"]
    need(listed == [subshell], listed)
    deleted = wire.ask("delete_subshell_request", {"subshell_id": subshell}, "control")[0]["content"]
    need(deleted["status"] == "ok", deleted)


def iopub_welcome(wire: Wire, code: dict) -> None:
    manager = KernelManager(kernel_name=wire.manager.kernel_name)
    manager.start_kernel(**QUIET)
    client = manager.client()
    client.start_channels()
    try:
        message = client.get_iopub_msg(timeout=PATIENCE)
        need(message["msg_type"] == "iopub_welcome" and message["content"] == {"subscription": ""}, message["content"])
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def heartbeat(wire: Wire, code: dict) -> None:
    running = wire.begin(code["sleep"])
    time.sleep(1.2)
    need(wire.client.hb_channel.is_beating(), "the heart stood still while a cell ran")
    need(wire.reply(running)["content"]["status"] == "ok", "the cell failed")


def signature(wire: Wire, code: dict) -> None:
    forger = Session(key=b"another key", session=wire.client.session.session)
    forged = forger.msg("execute_request", {"code": code["print"], "silent": False})
    forger.send(wire.client.shell_channel.socket, forged)
    asked = wire.begin(code["value"])
    need(wire.reply(asked)["content"]["status"] == "ok", "the true message failed")
    seen = [wire.client.get_iopub_msg(timeout=PATIENCE)]
    while seen[-1]["content"].get("execution_state") != "idle" or seen[-1]["parent_header"]["msg_id"] != asked:
        seen.append(wire.client.get_iopub_msg(timeout=PATIENCE))
    parents = {message["parent_header"].get("msg_id") for message in seen}
    need(forged["header"]["msg_id"] not in parents, "the forged message ran")


def shutdown(wire: Wire, code: dict) -> None:
    asked = wire.send("shutdown_request", {"restart": True}, "control")
    content = wire.reply(asked, "control")["content"]
    need(content.get("status") == "ok" and content["restart"] is True, content)
    for _ in range(100):
        if not wire.manager.is_alive():
            return
        time.sleep(0.1)
    raise Wrong("does not leave")


ROWS = {
    "execute_request/reply": execute,
    "execute_input": execute_input,
    "execute_result": execute_result,
    "error on iopub + ename/evalue/traceback": error,
    "silent / store_history honoured": silent,
    "user_expressions": user_expressions,
    "stop_on_error, queued cells aborted": stop_on_error,
    "kernel_info": kernel_info,
    "complete": complete,
    "inspect": inspect,
    "is_complete, with indent and invalid": is_complete,
    "history": history,
    "comm_info": comm_info,
    "comm open/msg/close": comms,
    "display_data": display,
    "update_display_data": update_display,
    "clear_output(wait)": clear_output,
    "interrupt_request ends a busy loop, state kept": interrupt_busy,
    "interrupt_request ends a waiting cell": interrupt_waiting,
    "stdin input_request": stdin,
    "debug_request answered": debug,
    "subshells (JEP 91)": subshells,
    "iopub_welcome (JEP 65)": iopub_welcome,
    "heartbeat while a cell runs": heartbeat,
    "a forged signature dropped": signature,
    "shutdown, restart": shutdown,
}


def main() -> None:
    kernel, language, _ = sys.argv[1:]
    outcomes: dict[str, str] = {}
    wire = None

    def late(*_) -> None:
        raise Late

    signal.signal(signal.SIGALRM, late)
    for row, check in ROWS.items():
        wire = wire or Wire(kernel)
        signal.alarm(PATIENCE)
        try:
            check(wire, LANGUAGES[language])
            outcomes[row] = "yes"
        except (Late, Empty):
            outcomes[row] = UNANSWERED
        except Wrong as wrong:
            outcomes[row] = str(wrong)
        except Exception as wrong:
            outcomes[row] = f"{type(wrong).__name__}: {wrong}"
        finally:
            signal.alarm(0)
        # What a failed row has left behind is not the next one's fault.
        if outcomes[row] != "yes":
            wire.leave()
            wire = None
    if wire:
        wire.leave()
    print(json.dumps(outcomes))


main()
