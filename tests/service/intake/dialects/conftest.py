from tests.service.api.office import house, office

__all__ = ["house", "office"]
