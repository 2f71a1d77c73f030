"""stubs_parse_test.py STUB_PRINT: the stubs of hostile tools are what they should be to Python's own parser,
and declare nothing else; those for TypeScript, to a reader of comments, literals and brackets."""

import ast
import json
import keyword
import random
import re
import subprocess
import sys
import unittest

PRINT = None

# What breaks out of something, somewhere.
NASTY = ['"""', '"', "'", "\\", '\\"""', '\\', "*/", "/*", "//", "#", "\n", "\r\n", "\r", "\t", "\0", "\x1b[2J", "\x7f", "\x85",
         "\u2028", "\u2029", "\u202e", "\u2066", "\ufeff", "é", "日本", "😀", "`${1}`", "{", "}", ")", "]", ";", "->",
         "import os\nos.system('x')\n", "\n\ndef evil(): ...\n", '""" + evil() + """', "*/ evil(): void; /*", "def", "class",
         "self", "None", "__x", "__debug__", "constructor", "new", "Any", "str", "a b", "a-b", "", " ", "é" * 100, "x" * 3000]
NAMES = ["a", "get_price", "a/b", "a.b", "a-b", "1a", "class", "None", "async", "match", "list", "call", "aio", "show", "str", "int",
         "Any", "builtins", "Literal", "new", "constructor", "ToolDenied", "overload", "then", "a/class", "x" * 200]


def nasty(draw):
    return "".join(draw.choice(NASTY) for _ in range(draw.randint(1, 4)))


def schema(draw, depth=0):
    """A schema of any kind; not always a valid one."""
    if draw.random() < 0.05:
        return draw.choice([True, False, {}, None, 3, "x", [], {"type": 3}, {"enum": []}, {"anyOf": []}, {"properties": 3}])
    kinds = ["string", "number", "integer", "boolean", "null", "enum", "const"]
    if depth < 6:
        kinds += ["object", "object", "object", "array", "anyOf", "oneOf", "allOf", "$ref", "types"]
    kind = draw.choice(kinds)
    about = {"description": nasty(draw)} if draw.random() < 0.5 else {}
    if kind == "object":
        names = [nasty(draw) if draw.random() < 0.5 else draw.choice(NAMES) for _ in range(draw.randint(0, 4))]
        about["properties"] = {name: schema(draw, depth + 1) for name in names}
        about["required"] = draw.sample(names, draw.randint(0, len(names))) + draw.choice([[], [nasty(draw)]])
        if draw.random() < 0.5:
            about["additionalProperties"] = draw.choice([True, False, schema(draw, depth + 1)])
    elif kind == "array":
        about["items"] = schema(draw, depth + 1)
    elif kind in ("anyOf", "oneOf", "allOf"):
        return {**about, kind: [schema(draw, depth + 1) for _ in range(draw.randint(1, 3))]}
    elif kind == "$ref":
        return {**about, "$ref": draw.choice(["#", "#/properties/a", "#/$defs/" + draw.choice(["A", "no", "%41"]), nasty(draw)])}
    elif kind == "enum":
        return {**about, "enum": [draw.choice([nasty(draw), 1, -5, 1.5, 10 ** 30, True, None, [], {}]) for _ in range(3)]}
    elif kind == "const":
        return {**about, "const": nasty(draw)}
    elif kind == "types":
        return {**about, "type": draw.sample(["string", "null", "object", "array", "integer"], 2)}
    about["type"] = kind
    return about


def tool(draw, name):
    parameters = schema(draw)
    if isinstance(parameters, dict):
        parameters["$defs"] = {"A": schema(draw, 3)}
    return {"tool": name, "description": nasty(draw), "parameters": parameters, "result": schema(draw),
            "conditions": [nasty(draw)]}


def stubs(language, tools):
    done = subprocess.run([PRINT, language], input=json.dumps(tools).encode(), capture_output=True, timeout=60, check=True)
    return done.stdout.decode()


TYPES = {"Any", "None", "bool", "int", "float", "str", "dict", "builtins", "list", "Literal", "NotRequired", "Mapping"}


class Python(unittest.TestCase):
    def assert_is_type(self, node):
        for part in ast.walk(node):
            self.assertIsInstance(part, (ast.Name, ast.Attribute, ast.Subscript, ast.BinOp, ast.BitOr, ast.Constant, ast.Tuple,
                                         ast.Load, ast.UnaryOp, ast.USub))
            if isinstance(part, ast.Name):
                self.assertTrue(part.id in TYPES or part.id in self.objects, part.id)

    def assert_is_function(self, node):
        args = node.args
        for arg in (*args.posonlyargs, *args.kwonlyargs, *filter(None, [args.kwarg])):
            self.assert_is_type(arg.annotation)
        for default in (*args.defaults, *filter(None, args.kw_defaults)):
            self.assertIs(default.value, ...)
        self.assertEqual((args.args, args.vararg, len(node.body)), ([], None, 1))
        self.assertIsInstance(node.body[0].value, ast.Constant)
        self.assert_is_type(node.returns)

    def assert_is_object(self, node):
        name, members = node.value.args
        self.assertEqual((node.value.func.id, name.value), ("TypedDict", node.targets[0].id))
        for key, value in zip(members.keys, members.values):
            self.assertIsInstance(key.value, str)
            self.assert_is_type(value)
        self.objects.add(name.value)

    def functions(self, nodes):
        """Names of functions, and of tools that are overloads of call()."""
        found = []
        for node in nodes:
            self.assert_is_function(node)
            first = node.args.posonlyargs[0].annotation if node.name == "call" else None
            found.append(first.slice.value if isinstance(first, ast.Subscript) else node.name)
        return found

    def check(self, tools):
        module = ast.parse(stubs("python", tools))
        self.objects = set()
        functions = []
        for node in module.body:
            if isinstance(node, ast.Assign):
                self.assert_is_object(node)
            elif isinstance(node, ast.FunctionDef):
                functions.append(node)
            else:
                self.assertIsInstance(node, (ast.Import, ast.ImportFrom, ast.ClassDef))
        classes = [node for node in module.body if isinstance(node, ast.ClassDef)]
        self.assertEqual([node.name for node in classes], ["ToolDenied", "ToolError", "aio"])
        names = [one["tool"] for one in tools]
        self.assertEqual(sorted(self.functions(functions)), sorted([*names, "list", "show", "call"]))
        self.assertEqual(sorted(self.functions(classes[2].body)), sorted([*names, "call"]))

    def test_hostile_tools(self):
        for seed in range(150):
            with self.subTest(seed=seed):
                draw = random.Random(seed)
                self.check([tool(draw, name) for name in NAMES])

    def test_no_tool(self):
        self.check([])

    def test_literals_are_what_they_were(self):
        values = list(dict.fromkeys(text for text in NASTY if len(text) < 100))
        module = ast.parse(stubs("python", [{"tool": "a", "description": "", "parameters": True, "conditions": [],
                                             "result": {"enum": values}}]))
        returns = next(node.returns for node in module.body if isinstance(node, ast.FunctionDef) and node.name == "a")
        self.assertEqual([one.value for one in returns.slice.elts], values)

    def test_names_of_members_are_what_they_were(self):
        names = sorted({text for text in NASTY if len(text) < 100})
        module = ast.parse(stubs("python", [{"tool": "a", "description": "", "parameters": True, "conditions": [],
                                             "result": {"type": "object", "properties": dict.fromkeys(names, True)}}]))
        members = next(node for node in module.body if isinstance(node, ast.Assign)).value.args[1]
        self.assertEqual(sorted(key.value for key in members.keys), names)

    def test_keywords_are_no_names(self):
        for word in keyword.kwlist:
            module = ast.parse(stubs("python", [{"tool": word, "description": "", "conditions": [], "result": True,
                                                 "parameters": {"properties": {word: True}}}]))
            self.assertIn(repr(word), ast.unparse(module))


class TypeScript(unittest.TestCase):
    def words(self, text):
        """What is left without comments, and literals as one mark; brackets are in pairs."""
        at, out, open_brackets = 0, [], []
        while at < len(text):
            if text.startswith(("//", "/*"), at):
                end = "\n" if text[at + 1] == "/" else "*/"
                at = text.index(end, at + 2) + len(end)
            elif text[at] == '"':
                value, at = json.JSONDecoder().raw_decode(text, at)
                out.append(f"<{value}>" if value in NAMES else "<literal>")
            else:
                if text[at] in "([{":
                    open_brackets.append(")]}"["([{".index(text[at])])
                elif text[at] in ")]}":
                    self.assertEqual(open_brackets.pop(), text[at])
                self.assertTrue(text[at].isascii() and (text[at].isprintable() or text[at] == "\n"))
                out.append(text[at])
                at += 1
        self.assertEqual(open_brackets, [])
        return "".join(out)

    def test_hostile_tools(self):
        for seed in range(150):
            with self.subTest(seed=seed):
                draw = random.Random(seed)
                lines = self.words(stubs("typescript", [tool(draw, name) for name in NAMES])).splitlines()
                at = lines.index("declare const tools: {")
                heads = [re.match(r"  (\w+|<[^>]*>)\(", line) for line in lines[at:]]
                self.assertEqual([head[1].strip("<>") for head in heads if head], NAMES)


if __name__ == "__main__":
    PRINT = sys.argv.pop(1)
    unittest.main()
