"""Parameters of TypeScript notebooks for papermill."""

import json
import math
import re

from papermill.engines import NBClientEngine
from papermill.models import Parameter
from papermill.translators import Translator, papermill_translators

# name, type and value of one declaration: let steps: number = 10; // help
DECLARATION = re.compile(
    r"^\s*(?:export\s+)?(?:let|const|var)\s+(?P<name>[\w$]+)\s*(?::\s*(?P<type>[^=]+?)\s*)?=\s*"
    r"(?P<value>(?:\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`|[^;/]|/(?!/))+?)\s*;?\s*(?://\s*(?P<help>.*))?$"
)
NAME = re.compile(r"^[A-Za-z_$][\w$]*$")


class TypeScriptTranslator(Translator):
    """Parameters as `let` declarations: a cell may declare anew what an earlier one declared, constants too."""

    @classmethod
    def translate_none(cls, val):
        return "null"

    @classmethod
    def translate_escaped_str(cls, str_val):
        # JSON's strings are TypeScript's, with every letter outside ASCII escaped.
        return json.dumps(str_val if isinstance(str_val, str) else str(str_val))

    @classmethod
    def translate_float(cls, val):
        if math.isnan(val):
            return "NaN"
        if math.isinf(val):
            return "Infinity" if val > 0 else "-Infinity"
        return repr(val)

    @classmethod
    def translate_dict(cls, val):
        members = (f"{json.dumps(str(key))}: {cls.translate(each)}" for key, each in val.items())
        return f"{{ {', '.join(members)} }}"

    @classmethod
    def translate_list(cls, val):
        return f"[{', '.join(cls.translate(each) for each in val)}]"

    @classmethod
    def comment(cls, cmt_str):
        return f"// {cmt_str}".strip()

    @classmethod
    def assign(cls, name, str_val):
        if not NAME.match(name):
            raise ValueError(f"papermill: a parameter must be a TypeScript name, got {name}")
        return f"let {name} = {str_val};"

    @classmethod
    def inspect(cls, parameters_cell):
        found = (DECLARATION.match(line) for line in parameters_cell["source"].splitlines())
        return [
            Parameter(
                name=match["name"],
                inferred_type_name=(match["type"] or "None").strip(),
                default=match["value"],
                help=match["help"] or "",
            )
            for match in found
            if match
        ]


class Engine(NBClientEngine):
    """papermill's own engine; being an entry point is how this module is loaded."""


papermill_translators.register("typescript", TypeScriptTranslator)
