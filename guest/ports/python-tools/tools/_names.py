"""Names of tools as attributes and items of a module."""

import sys
import types

from . import _calls


class Tool:
    """One tool of the host. Calling it calls the tool."""

    def __init__(self, name, call):
        self.__name__ = self.__qualname__ = name
        self.__call = call

    def __call__(self, parameters=None, /, **named):
        return self.__call(self.__name__, parameters, named)

    def __repr__(self):
        return f"<tool {self.__name__}>"

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        raise AttributeError(f"{self.__name__!r} is a tool; one named {self.__name__}/{name} is tools[{f'{self.__name__}/{name}'!r}]")

    @property
    def __doc__(self):
        from . import _about
        return _about.about(self.__name__)[1]

    @property
    def __signature__(self):
        from . import _about
        return _about.about(self.__name__)[0]


class _Tools(types.ModuleType):
    """A module in which every name is a tool that is no name of its own."""

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        if name == "aio" and self.__name__ == "tools":
            import tools.aio
            return tools.aio
        tool = Tool(name, self._call)
        setattr(self, name, tool)  # found at once the next time
        return tool

    def __getitem__(self, name):
        _calls.check_name(name)
        return Tool(name, self._call)

    def __contains__(self, name):
        return any(entry["tool"] == name for entry in _calls.listing())

    def __iter__(self):
        return iter([entry["tool"] for entry in _calls.listing()])

    def __dir__(self):
        names = (entry["tool"] for entry in _calls.listing())
        own = (name for name, value in vars(self).items() if type(value) is not Tool)
        return sorted({*self.__all__, *own, *filter(str.isidentifier, names)})


def become_tools(name, call):
    """Makes that module one of tools, which call(name, parameters, named) calls."""
    module = sys.modules[name]
    module._call = call
    module.__class__ = _Tools
