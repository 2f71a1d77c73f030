"""Tools of an MCP server inside a sandbox, with the package mcp: its server and its client in one process."""

import asyncio
import logging
import unittest

import cloche
from mcp import Client
from mcp.server import MCPServer

logging.disable(logging.ERROR)  # the server logs what fails
server = MCPServer("numbers")


@server.tool()
def add(a: int, b: int) -> int:
    """Adds two numbers."""
    return a + b


@server.tool()
def fail() -> str:
    """Always fails."""
    raise ValueError("on purpose")


class Import(unittest.IsolatedAsyncioTestCase):
    async def test_granted_tools_can_be_called(self):
        async with Client(server) as client:
            tools = cloche.from_mcp_tools((await client.list_tools()).tools, client, prefix="numbers/")
            self.assertEqual(sorted(tool.name for tool in tools), ["numbers/add", "numbers/fail"])
            grants = [cloche.Grant("numbers/add", where={"a": {"le": 5}, "b": {"le": 5}}), "numbers/fail"]
            async with cloche.AsyncSandbox(tools=tools, grants=grants) as sandbox:
                result = await sandbox.run_python("import tools\ntools['numbers/add'](a=2, b=3)")
                self.assertEqual(result.value, {"result": 5})
                denied = await sandbox.run("tool call numbers/add --a 9 --b 1")
                self.assertEqual(denied.exit_code, 77)
                self.assertIn("a must be up to 5, is 9", denied.stderr)
                failed = await sandbox.run("tool call numbers/fail")
                self.assertEqual((failed.exit_code, failed.stderr), (1, "tool: Error executing tool fail\n"))

    async def test_it_is_called_in_the_loop_of_the_session(self):
        with self.assertRaisesRegex(RuntimeError, "in its event loop"):
            await asyncio.to_thread(cloche.from_mcp_tools, [], print)

    async def test_from_a_thread_with_a_plain_sandbox(self):
        async with Client(server) as client:
            tools = cloche.from_mcp_tools((await client.list_tools()).tools, client)

            def work():
                with cloche.Sandbox(tools=tools, grants=["add"]) as sandbox:
                    return sandbox.run("tool call add --a 20 --b 22").stdout

            self.assertIn("42", await asyncio.to_thread(work))


if __name__ == "__main__":
    unittest.main(verbosity=2)
