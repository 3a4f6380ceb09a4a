from pathlib import Path

import adkar.reinforcement
from adkar.reinforcement.registry import RULES

NOT_RULES = {"__init__", "reminder", "pipeline", "registry"}
HERE = Path(__file__).parent


def test_every_rule_file_is_registered_under_its_own_name_and_has_a_test():
    package = Path(adkar.reinforcement.__file__).parent
    files = {path.stem for path in package.glob("*.py")} - NOT_RULES
    registered = [(rule.__module__.rpartition(".")[2], rule.__name__) for rule in RULES]
    assert sorted(registered) == sorted((name, name) for name in files)
    assert {name for name in files if not (HERE / f"test_{name}.py").exists()} == set()
