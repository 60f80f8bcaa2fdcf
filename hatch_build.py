"""Hatch's hook: a wheel, and an editable install, have the console's pages in them."""

import os
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).parent / "tools"))

import build_console  # found by the path above


class Pages(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # hatch's own names
        if self.target_name != "wheel" or os.environ.get(build_console.SKIP) == "skip":
            return
        try:
            build_console.build()
        except build_console.BuildError as error:
            sys.exit(str(error))
