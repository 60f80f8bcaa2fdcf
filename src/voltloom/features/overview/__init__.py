"""The network as a whole, across features: every station at a glance, what needs somebody, and finding things.

It keeps nothing of its own: it puts together what the features below it know.
"""

from voltloom.features.feature import Feature

__all__ = ["feature"]


def _routes() -> object:
    # A command line that only writes to the database needs no web framework.
    from voltloom.features.overview.api import router

    return router()


feature = Feature(name="overview", routes=_routes)
