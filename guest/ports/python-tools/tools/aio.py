"""The tools of the host for asyncio: await tools.aio.NAME(...), await tools.aio["a/b"](...).

Calls run at the same time (asyncio.gather, TaskGroup). A call that is cancelled is given up: the host is told.
"""

import asyncio as _asyncio

from . import _calls, _names

__all__ = ["call"]


async def _readable(descriptor):
    loop = _asyncio.get_running_loop()
    ready = loop.create_future()
    loop.add_reader(descriptor, lambda: ready.done() or ready.set_result(None))
    try:
        await ready
    finally:
        loop.remove_reader(descriptor)


async def _call(name, parameters, named):
    request = _calls.request(name, parameters, named)
    descriptor = _calls.take(name)
    try:
        _calls.send(descriptor, name, request)
        await _readable(descriptor)
        answer = _calls.receive(descriptor)
    except BaseException:
        _calls.drop(descriptor)
        raise
    _calls.give_back(descriptor)
    return _calls.finish(name, answer)


def call(name, parameters=None, /, **named):
    """Calls the tool of that name, whatever the name is: a coroutine."""
    return _call(name, parameters, named)


_names.become_tools(__name__, _call)
