"""The tools that the host offers this process.

    import tools
    tools.get_price(symbol="AAPL")                 # parameters by keyword, or as one dict
    tools["mail/send"](to="a@example.com")         # a name that is no attribute
    tools.call("mail/send", {"to": "a@example.com"})
    await tools.aio.get_price(symbol="AAPL")       # the same for asyncio

A call gives what the tool answered, as json.loads() reads it. One that may not be made raises ToolDenied,
one that was made and did not work ToolError. help(tools.NAME) tells of one tool, tools.list() of all that
may be called. Any thread may call, also several at once, and so may a child that has the process's
capability.
"""

from . import _calls, _names
from ._calls import ToolDenied, ToolError
from ._names import Tool

__all__ = ["Tool", "ToolDenied", "ToolError", "aio", "call", "list", "show"]


def call(name, parameters=None, /, **named):
    """Calls the tool of that name and waits for its answer, whatever the name is.

    The parameters are one dict (or dataclass, or model with model_dump()), or keywords.
    """
    return _calls.call(name, parameters, named)


def list():
    """What may be called: a dict of each with its tool, description, parameters, result, conditions."""
    return _calls.listing()


def show(name, /):
    """The same of one tool. Raises ToolDenied where it may not be called."""
    return _calls.entry(name)


_names.become_tools(__name__, _calls.call)
