"""OpenAI Agents SDK, with its own agents, its sandbox runtime and its ScriptedModel."""

import asyncio
import io
import json
import pathlib
import tempfile
import unittest

import cloche
import support
from agents import Agent, RunConfig, Runner, set_tracing_disabled
from agents.run_config import SandboxRunConfig
from agents.sandbox import LocalSnapshotSpec, Manifest, SandboxAgent
from agents.sandbox.entries import File
from agents.sandbox.errors import ExecTimeoutError, InvalidManifestPathError, WorkspaceReadNotFoundError
from agents.testing import ScriptedModel, assistant_message, function_call
from cloche.integrations.openai_agents import ClocheSandboxClient, sandbox_tools

set_tracing_disabled(True)


def scripted(*calls):
    """A model that makes these calls, one a turn, and is done."""
    turns = [
        [function_call(name, arguments, call_id=f"call-{number}")]
        for number, (name, arguments) in enumerate(calls)
    ]
    return ScriptedModel([*turns, [assistant_message("done")]])


def outputs(result):
    return [item.output for item in result.new_items if item.type == "tool_call_output_item"]


class FunctionTools(unittest.TestCase):
    def run_agent(self, sandbox, *calls):
        model = scripted(*calls)
        agent = Agent(
            "analyst", instructions=cloche.system_prompt(sandbox), tools=sandbox_tools(sandbox), model=model
        )
        result = asyncio.run(Runner.run(agent, "go"))
        model.assert_complete()
        return outputs(result)

    def test_scripts_cells_and_the_tool(self):
        with support.sandbox() as sandbox:
            said = self.run_agent(
                sandbox,
                ("bash", {"script": "echo 20 > n"}),
                ("python", {"code": "n = int(open('n').read())\nn + 22"}),
                ("bash", {"script": "tool call get_price --symbol AAPL"}),
                ("bash", {"script": "tool call get_price --symbol TSLA"}),
                ("javascript", {"code": "6 * 7"}),
            )
        self.assertEqual(said[:3], ["[no output]", "42", "230.5"])
        self.assertIn("[exit code 77]", said[3])
        self.assertEqual(said[4], "42")

    def test_a_wrong_call_is_told(self):
        with support.sandbox() as sandbox:
            said = self.run_agent(sandbox, ("bash", {"cmd": "ls"}))
        self.assertEqual(said, ["[not run: bash takes one argument, script: a string]"])


class Client(unittest.IsolatedAsyncioTestCase):
    async def session(self, client=None, **options):
        client = client or ClocheSandboxClient()
        session = await client.create(**options)
        await session.start()
        self.addAsyncCleanup(client.delete, session)
        return session

    async def test_a_sandbox_agent_works_inside(self):
        model = scripted(
            ("exec_command", {"cmd": "cat hello.txt; pwd"}), ("exec_command", {"cmd": "cat /etc/shadow"})
        )
        manifest = Manifest(entries={"hello.txt": File(content=b"hello from the manifest\n")})
        agent = SandboxAgent("worker", model=model, default_manifest=manifest)
        run_config = RunConfig(sandbox=SandboxRunConfig(client=ClocheSandboxClient()))
        said = outputs(await Runner.run(agent, "look", run_config=run_config))
        self.assertIn("hello from the manifest", said[0])
        self.assertIn("/home/user/workspace", said[0])
        self.assertIn("No such file or directory", said[1])
        model.assert_complete()

    async def test_files_and_commands(self):
        session = await self.session()
        await session.write(pathlib.Path("sub/b.bin"), io.BytesIO(bytes(range(256))))
        self.assertEqual((await session.read(pathlib.Path("sub/b.bin"))).read(), bytes(range(256)))
        result = await session.exec("wc -c < sub/b.bin; echo no >&2; exit 3")
        self.assertEqual((result.stdout.strip(), result.stderr, result.exit_code), (b"256", b"no\n", 3))
        self.assertEqual(
            [entry.path.rsplit("/")[-1] for entry in await session.ls("sub") if entry.path.endswith("b.bin")],
            ["b.bin"],
        )
        self.assertTrue(await session.running())

    async def test_what_is_refused(self):
        session = await self.session()
        with self.assertRaises(WorkspaceReadNotFoundError):
            await session.read(pathlib.Path("none"))
        with self.assertRaises(InvalidManifestPathError):
            await session.read(pathlib.Path("/etc/passwd"))
        await session.exec("ln -s /etc out")
        with self.assertRaises(InvalidManifestPathError):
            await session.read(pathlib.Path("out/passwd"))
        with self.assertRaises(ExecTimeoutError):
            await session.exec("while :; do :; done", timeout=0.5)
        with self.assertRaisesRegex(ValueError, "not as 'root'"):
            await session.exec("id", user="root")

    async def test_grants_of_the_client_hold(self):
        client = ClocheSandboxClient(tools=[support.get_price], grants=support.grants())
        session = await self.session(client)
        self.assertEqual((await session.exec("tool call get_price --symbol AAPL")).stdout, b"230.5\n")
        self.assertEqual((await session.exec("tool call get_price --symbol TSLA")).exit_code, 77)

    async def test_the_environment_of_a_manifest(self):
        session = await self.session(manifest=Manifest(environment={"value": {"GREETING": "hi there"}}))
        self.assertEqual((await session.exec("echo $GREETING")).stdout, b"hi there\n")

    async def test_a_workspace_comes_back_from_a_snapshot(self):
        client = ClocheSandboxClient()
        with tempfile.TemporaryDirectory() as folder:
            first = await self.session(client, snapshot=LocalSnapshotSpec(base_path=pathlib.Path(folder)))
            await first.exec("mkdir -p deep/er && echo kept > deep/er/file")
            await first.stop()
            saved = json.loads(json.dumps(client.serialize_session_state(first.state)))
            await client.delete(first)
            second = await client.resume(client.deserialize_session_state(saved))
            await second.start()
            self.addAsyncCleanup(client.delete, second)
            self.assertEqual((await second.exec("cat deep/er/file")).stdout, b"kept\n")


if __name__ == "__main__":
    unittest.main(verbosity=2)
