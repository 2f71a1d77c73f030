"""What /run/tools/tools.pyi says about a tool, for help() and inspect.signature()."""

import ast
import inspect

_STUBS = "/run/tools/tools.pyi"
_ANY = inspect.Signature([
    inspect.Parameter("parameters", inspect.Parameter.POSITIONAL_ONLY, default=None),
    inspect.Parameter("named", inspect.Parameter.VAR_KEYWORD),
])


class _LeftOut:
    """The default of a parameter that need not be there."""

    def __repr__(self):
        return "..."


class _Annotation(str):
    """A type as it is written in the stub."""

    __repr__ = str.__str__


def _annotation(node):
    return inspect.Parameter.empty if node is None else _Annotation(ast.unparse(node))


def _names_tool(function, name):
    """Whether this is the overload of `call` for that tool."""
    if function.name != "call" or not function.args.posonlyargs:
        return False
    literal = function.args.posonlyargs[0].annotation
    return isinstance(literal, ast.Subscript) and isinstance(literal.slice, ast.Constant) and literal.slice.value == name


def _find(name):
    try:
        with open(_STUBS, encoding="utf-8") as file:
            module = ast.parse(file.read())
    except OSError:
        return None, None
    functions = [node for node in module.body if isinstance(node, ast.FunctionDef)]
    for function in functions:
        if _names_tool(function, name):
            return function, function.args.posonlyargs[1:]
    for function in functions:
        if function.name == name and not _is_ours(name):
            return function, function.args.posonlyargs
    return None, None


def _is_ours(name):
    import tools
    return name in tools.__all__


def _signature(function, positional):
    args = function.args
    defaults = dict(zip([arg.arg for arg in reversed(args.posonlyargs)], reversed(args.defaults)))
    parameters = [_parameter(arg, inspect.Parameter.POSITIONAL_ONLY, arg.arg in defaults) for arg in positional]
    parameters += [_parameter(arg, inspect.Parameter.KEYWORD_ONLY, default is not None)
                   for arg, default in zip(args.kwonlyargs, args.kw_defaults)]
    if args.kwarg is not None:
        parameters.append(_parameter(args.kwarg, inspect.Parameter.VAR_KEYWORD, False))
    return inspect.Signature(parameters, return_annotation=_annotation(function.returns))


def _parameter(arg, kind, is_optional):
    default = _LeftOut() if is_optional else inspect.Parameter.empty
    return inspect.Parameter(arg.arg, kind, annotation=_annotation(arg.annotation), default=default)


def about(name):
    """Its signature and its text."""
    function, positional = _find(name)
    if function is None:
        return _ANY, "A tool that this process may not call."
    return _signature(function, positional), ast.get_docstring(function) or f"The tool {name}."
