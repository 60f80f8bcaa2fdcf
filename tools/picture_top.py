"""Draws docs/pictures/top.svg: what `voltloom top` shows of a server that runs, such as the demo's.

voltloom demo --no-top --data-dir /tmp/demo      # in another terminal; wait some minutes, so that cars have come
python tools/picture_top.py --data-dir /tmp/demo
"""

import argparse
import io
import re
import time
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.terminal_theme import TerminalTheme

from voltloom.infra.settings import load_settings
from voltloom.terminal.top import REFRESH_S, connect, draw

PICTURE = Path(__file__).parent.parent / "docs" / "pictures" / "top.svg"
WIDTH = 137
READINGS = 30
"""For the line that shows how the power went."""
NORMAL = "0e1513 ff7d76 66d6a0 f0b35e 7cc0ff d6a0ff 5ccbdb e6eeeb"
BRIGHT = "788a84 ff9d97 8ce8be ffcf8c a0d2ff e6beff 8ce1ee ffffff"
"""Black, red, green, yellow, blue, magenta, cyan, white."""


def colour(digits: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(digits)
    return red, green, blue


THEME = TerminalTheme(
    colour("0e1513"),
    colour("e6eeeb"),
    [colour(each) for each in NORMAL.split()],
    [colour(each) for each in BRIGHT.split()],
)


def picture(data_dir: Path) -> str:
    reader = connect(load_settings({"data_dir": data_dir}), None, None)
    powers: list[float] = []
    while True:
        snapshot = reader.read()
        powers.append(snapshot.network["power_w"])
        if len(powers) == READINGS:
            break
        time.sleep(REFRESH_S)
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, highlight=False)
    console.print(draw(snapshot, powers, WIDTH, None))
    # The picture needs nothing from anywhere: rich's own template fetches a font.
    template = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    drawn = console.export_svg(title="voltloom top", theme=THEME, code_format=template, unique_id="top")
    assert not re.search(r"url\(\"?http|@font-face|@import", drawn)
    return re.sub(r"[ \t]+$", "", drawn, flags=re.MULTILINE)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data-dir", type=Path, required=True)
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_text(picture(options.parse_args().data_dir))
    print(f"wrote {PICTURE}")


if __name__ == "__main__":
    main()
