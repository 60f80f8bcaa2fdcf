"""Plug-ins as they are found: packages on the path, with their entry points."""

from pathlib import Path

import pytest

from voltloom.app.parts import features, parts_of
from voltloom.app.places import Addresses
from voltloom.domain.reports import DataReply
from voltloom.features.feature import Feature
from voltloom.infra.settings import SettingError, Settings

PLUGIN = """
from voltloom.domain.reports import DataReply
from voltloom.features.feature import Feature, extension

feature = Feature("{name}", extensions=(extension("com.example", "Ping", lambda ctx, report: DataReply("Accepted")),))
nothing = 7
"""


def install(monkeypatch: pytest.MonkeyPatch, folder: Path, name: str, target: str = "feature") -> None:
    package = folder / f"{name}-1.0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text(f"[voltloom.features]\n{name} = {name}:{target}\n")
    (folder / f"{name}.py").write_text(PLUGIN.format(name=name))
    monkeypatch.syspath_prepend(folder)


def all_features(folder: Path) -> tuple[Feature, ...]:
    return features(parts_of(Settings(data_dir=folder / "data"), Addresses(http="", stations=())))


def test_an_installed_package_adds_a_feature(tmp_path, monkeypatch):
    install(monkeypatch, tmp_path, "plug_in_well")
    found = all_features(tmp_path)[-1]
    assert found.name == "plug_in_well"
    assert found.extensions[0].handler(None, None) == DataReply("Accepted")  # type: ignore[arg-type]


def test_two_that_answer_the_same_message_are_told_of(tmp_path, monkeypatch):
    install(monkeypatch, tmp_path, "plug_in_one")
    install(monkeypatch, tmp_path, "plug_in_two")
    with pytest.raises(SettingError, match=r"2 features answer 'com\.example', 'ping'"):
        all_features(tmp_path)


@pytest.mark.parametrize(("target", "why"), [("missing", "cannot be loaded"), ("nothing", "is no Feature but int")])
def test_one_that_cannot_be_had_is_named(tmp_path, monkeypatch, target, why):
    install(monkeypatch, tmp_path, f"plug_in_{target}", target)
    with pytest.raises(SettingError, match=f"'plug_in_{target}' of plug_in_{target} 1.0 {why}"):
        all_features(tmp_path)
