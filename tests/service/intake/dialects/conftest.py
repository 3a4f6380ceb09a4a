from tests.service.api.office import house, office
from tests.service.intake.dialects.adopting import admin, key, server
from tests.service.intake.dialects.node import packages
from tests.service.intake.dialects.pages import origin, page
from tests.service.web.conftest import browser

__all__ = ["admin", "browser", "house", "key", "office", "origin", "packages", "page", "server"]
