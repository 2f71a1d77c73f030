"""deepagents, with its own agent on a sandbox as the backend and a scripted chat model."""

import pathlib
import tempfile
import unittest

import cloche
from cloche.integrations.deepagents import ClocheBackend
from deepagents import create_deep_agent
from deepagents.backends import FilesystemBackend
from langchain_core.language_models.fake_chat_models import FakeMessagesListChatModel
from langchain_core.messages import AIMessage, ToolMessage


class Scripted(FakeMessagesListChatModel):
    def bind_tools(self, tools, **_):
        return self


def call(name, number, **arguments):
    return AIMessage("", tool_calls=[{"name": name, "args": arguments, "id": f"call-{number}"}])


class Agent(unittest.TestCase):
    def test_files_searches_and_commands_are_inside(self):
        lines = [
            call("write_file", 1, file_path="/home/user/notes.txt", content="first\nsecond line\n"),
            call("edit_file", 2, file_path="/home/user/notes.txt", old_string="second", new_string="other"),
            call("read_file", 3, file_path="/home/user/notes.txt"),
            call("ls", 4, path="/home/user"),
            call("grep", 5, pattern="other", path="/home/user"),
            call("glob", 6, pattern="*.txt", path="/home/user"),
            call("execute", 7, command="wc -l < notes.txt; echo oops >&2; exit 4"),
            call("execute", 8, command="cat /etc/shadow"),
        ]
        with ClocheBackend() as backend:
            agent = create_deep_agent(Scripted(responses=[*lines, AIMessage("done")]), backend=backend)
            state = agent.invoke({"messages": [("user", "take notes")]})
            said = [message.content for message in state["messages"] if isinstance(message, ToolMessage)]
            self.assertIn("notes.txt", said[0])
            self.assertIn("other line", said[2])
            self.assertIn("/home/user/notes.txt", said[3])
            self.assertIn("/home/user/notes.txt", said[4])
            self.assertIn("/home/user/notes.txt", said[5])
            self.assertIn("2\noops", said[6])
            self.assertIn("exit code 4", said[6])
            self.assertIn("No such file", said[7])
            self.assertEqual(backend.execute("cat /home/user/notes.txt").output, "first\nother line\n")

    def test_long_results_are_kept_inside(self):
        lines = [
            call("execute", 1, command="seq 100000"),
            call("execute", 2, command="tail -n1 ~/.deepagents/*/*"),
        ]
        with ClocheBackend() as backend:
            agent = create_deep_agent(Scripted(responses=[*lines, AIMessage("done")]), backend=backend)
            state = agent.invoke({"messages": [("user", "count")]})
            said = [message.content for message in state["messages"] if isinstance(message, ToolMessage)]
            self.assertIn("/home/user/.deepagents/large_tool_results/", said[0])
            self.assertLess(len(said[0]), 20_000)
            self.assertIn("100000", said[1])


class Backend(unittest.TestCase):
    def setUp(self):
        self.backend = ClocheBackend(timeout=20)
        self.addCleanup(self.backend.close)

    def test_files_go_in_and_out_as_bytes(self):
        content = bytes(range(256)) * 64
        [sent] = self.backend.upload_files([("/home/user/new/folder/b.bin", content)])
        self.assertIsNone(sent.error)
        [got] = self.backend.download_files(["/home/user/new/folder/b.bin"])
        self.assertEqual((got.content, got.error), (content, None))

    def test_errors_have_the_names_of_deepagents(self):
        errors = [
            response.error
            for response in self.backend.download_files(
                ["/home/user/none", "/home/user", "notes.txt", "/etc/passwd/x"]
            )
        ]
        self.assertEqual(errors, ["file_not_found", "is_directory", "invalid_path", "invalid_path"])
        errors = [
            response.error
            for response in self.backend.upload_files(
                [("/usr/bin/bash", b""), ("/home/user", b""), ("relative", b"")]
            )
        ]
        self.assertEqual(errors, ["permission_denied", "is_directory", "invalid_path"])

    def test_a_command_ends_at_its_time(self):
        response = self.backend.execute("echo begun; while :; do :; done", timeout=1)
        self.assertEqual(response.exit_code, 124)
        self.assertEqual(response.output, "begun\n[ended: the time was over]")

    def test_what_cannot_be_read_is_said(self):
        response = self.backend.execute("echo 'open")
        self.assertEqual(response.exit_code, 2)
        self.assertIn("unexpected EOF", response.output)

    def test_long_output_stays_inside(self):
        result = self.backend.default.execute_with_offload(
            "seq 100000", "/tmp/captured", max_inline_bytes=1000
        )
        self.assertTrue(result.offloaded)
        self.assertLess(len(result.response.output), 10_000)
        self.assertEqual(self.backend.execute("tail -n 1 /tmp/captured").output.strip(), "100000")

    def test_a_sandbox_of_somebody_else_stays(self):
        with cloche.Sandbox() as sandbox:
            with ClocheBackend(sandbox) as backend:
                self.assertEqual(backend.execute("echo here").output, "here\n")
            self.assertEqual(sandbox.run("echo still here").stdout, "still here\n")
        with self.assertRaisesRegex(TypeError, "either a sandbox or the arguments of one"):
            ClocheBackend(sandbox, limits=cloche.Limits(pids=5))

    def test_other_folders_may_be_elsewhere(self):
        with tempfile.TemporaryDirectory() as folder:
            memories = FilesystemBackend(root_dir=folder, virtual_mode=True)
            with ClocheBackend(self.backend.sandbox, routes={"/memories/": memories}) as backend:
                backend.write("/memories/a.txt", "outside")
                backend.write("/home/user/b.txt", "inside")
            self.assertEqual(pathlib.Path(folder, "a.txt").read_text(), "outside")
        self.assertEqual(self.backend.execute("cat b.txt; ls /memories").exit_code, 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
