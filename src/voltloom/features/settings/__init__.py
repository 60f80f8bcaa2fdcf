"""Settings as they are wanted: of stations of a kind (templates) and of single ones, put right when they boot and when
what is wanted changes; what differs is told. A template may have to hold before a station is accepted."""

from voltloom.domain.events import StationBooted, StationChanged, WantedSettingsChanged
from voltloom.features.feature import Feature, listen
from voltloom.features.settings import service
from voltloom.features.settings.door import hold_back, remembered
from voltloom.features.stations import removals

__all__ = ["feature"]


def _routes() -> object:
    # A command line that only writes to the database needs no web framework.
    from voltloom.features.settings.api import router

    return router()


feature = Feature(
    name="settings",
    listens=(
        listen(StationBooted, service.after_boot, among=service.boots_that_matter),
        listen(WantedSettingsChanged, service.after_change),
        listen(StationChanged, service.forget_removed, among=removals),
    ),
    memories=(remembered,),
    gatekeepers=(hold_back,),
    routes=_routes,
)
