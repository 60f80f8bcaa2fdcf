"""Firmware: images that are kept and given out here, and what stations make of them: one by one, or as a campaign."""

from datetime import timedelta

from voltloom.domain.reports import FirmwareReported, PublishReported
from voltloom.features.feature import Feature, answer, every
from voltloom.features.firmware import answers, rollout, service
from voltloom.features.firmware.images import FirmwareConfig

__all__ = ["FirmwareConfig", "feature"]


def feature(config: FirmwareConfig) -> Feature:
    def routes() -> object:
        # A command line that only writes to the database needs no web framework.
        from voltloom.features.firmware.api import router

        return router(config)

    def open_routes() -> object:
        from voltloom.features.firmware.api import open_router

        return open_router(config)

    return Feature(
        name="firmware",
        answers=(
            answer(FirmwareReported, answers.firmware_status),
            answer(PublishReported, answers.publish_status),
        ),
        tasks=(
            every(timedelta(seconds=20), service.settle_updates),
            every(timedelta(seconds=5), rollout.carrier(config)),
            every(timedelta(hours=12), service.tidier(config)),
        ),
        routes=routes,
        open_routes=open_routes,
    )
