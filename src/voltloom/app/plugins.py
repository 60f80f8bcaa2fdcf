"""Features of others: what an installed package offers in the entry-point group `voltloom.features`.

A plug-in is a `Feature` like ours, after ours in the order. It has no tables in our database: migrations know only
ours.
"""

from collections import Counter
from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points
from typing import cast

from voltloom.features.feature import Feature
from voltloom.features.payments import VatValidator
from voltloom.infra.settings import SettingError

GROUP = "voltloom.features"
VALIDATORS = "voltloom.vat_validators"


def plugged_in() -> tuple[Feature, ...]:
    """In the order of their names. Raises SettingError for one that cannot be had: a server without it would answer
    stations otherwise than its operator thinks."""
    return tuple(_feature(point) for point in sorted(entry_points(group=GROUP), key=lambda point: point.name))


def vat_validators() -> tuple[VatValidator, ...]:
    """What installed packages offer to ask who has a VAT number, in the order of their names. Raises SettingError."""
    points = sorted(entry_points(group=VALIDATORS), key=lambda point: point.name)
    return tuple(cast("VatValidator", _load(point)) for point in points)


def check_together(features: Iterable[Feature]) -> None:
    """Raises SettingError where two answer the same, or have the same name."""
    counted = Counter[str]()
    for feature in features:
        counted[f"are called {feature.name!r}"] += 1
        counted.update(f"answer {each.report.__name__}" for each in feature.answers)
        counted.update(f"answer {each.vendor_id!r}, {each.message_id!r}" for each in feature.extensions)
    for what, number in counted.items():
        if number > 1:
            raise SettingError(
                f"{number} features {what}: uninstall the plug-in that does so (entry points {GROUP!r})."
            )


def _feature(point: EntryPoint) -> Feature:
    feature = _load(point)
    if not isinstance(feature, Feature):
        raise SettingError(f"The plug-in {_named(point)} is no Feature but {type(feature).__name__}: uninstall it.")
    return feature


def _load(point: EntryPoint) -> object:
    try:
        return point.load()
    except Exception as error:
        reason = f"The plug-in {_named(point)} cannot be loaded ({error!r}): mend or uninstall it."
        raise SettingError(reason) from error


def _named(point: EntryPoint) -> str:
    package = "" if point.dist is None else f" of {point.dist.name} {point.dist.version}"
    return f"{point.name!r}{package}"
