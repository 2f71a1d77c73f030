"""stage.py OUT [CLOCHE]: lays out the pages of the site under OUT.

Pages are those of docs/, the README of every folder and what stands at the root; the headers become
pages, and so does the help of the command CLOCHE. Links between them are kept; a link to a file that is
no page becomes its text.
"""

import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LINK = re.compile(r"\[((?:[^][]|\[[^]]*\])*)\]\(([^()\s]+)\)")
AT_ROOT = ("SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md")
HEADERS = ("cloche.hpp", "cloche.h")
COMMANDS = ("run", "code", "shell", "programs", "warm", "doctor", "check", "audit", "version", "ps", "top", "stats",
            "update", "kill", "pause", "resume", "renice", "metrics")


def pages():
    """Path in the repository -> path in the site."""
    found = {"README.md": "index.md"}
    for path in sorted((ROOT / "docs").rglob("*.md")):
        found[str(path.relative_to(ROOT))] = str(path.relative_to(ROOT / "docs"))
    for name in AT_ROOT:
        found[name] = name
    tracked = subprocess.run(["git", "ls-files", "*README.md"], cwd=ROOT, stdout=subprocess.PIPE, text=True,
                             check=True).stdout.split()
    for name in tracked:
        found.setdefault(name, name)
    for name in HEADERS:
        found[f"include/cloche/{name}"] = f"reference/{name}.md"
    return found


def relative(target, page):
    up = len(pathlib.PurePosixPath(page).parts) - 1
    return "../" * up + target


def relink(text, source, page, site):
    """The text of the page `source` with the links that the site has."""
    folder = pathlib.PurePosixPath(source).parent

    def replace(match):
        words, target = match.groups()
        if re.match(r"[a-z]+:|#", target):
            return match[0]
        path, _, anchor = target.partition("#")
        parts = []
        for part in (folder / path).parts:
            if part == "..":
                parts.pop()
            elif part != ".":
                parts.append(part)
        name = "/".join(parts)
        if (ROOT / name).is_dir() and f"{name}/README.md" in site:
            name += "/README.md"
        if name not in site:
            return words
        return f"[{words}]({relative(site[name], page)}{'#' + anchor if anchor else ''})"

    parts = re.split(r"(^```.*?^```\s*?$|`[^`\n]*`)", text, flags=re.MULTILINE | re.DOTALL)
    return "".join(part if part.startswith("`") else LINK.sub(replace, part) for part in parts)


def commands(cloche):
    """The help of the command and of all its subcommands."""
    text = "# The command\n"
    for name in ("", *COMMANDS):
        words = [str(cloche), *([name] if name else []), "--help"]
        said = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True).stdout
        text += f"\n## cloche {name}\n```text\n{said}```\n"
    return text


def main():
    out = pathlib.Path(sys.argv[1])
    cloche = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None
    shutil.rmtree(out, ignore_errors=True)
    site = pages()
    for source, page in site.items():
        path = out / page
        path.parent.mkdir(parents=True, exist_ok=True)
        text = (ROOT / source).read_text()
        if source.startswith("include/"):
            path.write_text(f"# {pathlib.Path(source).name}\n```c++\n{text}```\n")
        else:
            text = re.sub(r"^(```\S+) (?:no-run|host)$", r"\1", text, flags=re.MULTILINE)
            path.write_text(relink(text, source, page, site))
    (out / "reference" / "commands.md").write_text(commands(cloche) if cloche else "# The command\nNot built.\n")
    for name in ("llms.txt", "policy.schema.json"):
        shutil.copy(ROOT / "docs" / name, out)


if __name__ == "__main__":
    main()
