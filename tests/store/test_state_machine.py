"""The library against a plain dict, through kills and damaged files; HYPOTHESIS_PROFILE=deep looks far longer."""

import os

import pytest
from hypothesis import HealthCheck, settings

from tests.store.machine import LibraryMachine

_DEEP = os.environ.get("HYPOTHESIS_PROFILE") == "deep"
pytestmark = pytest.mark.timeout(3_600 if _DEEP else 300)

TestLibraryMachine = LibraryMachine.TestCase
TestLibraryMachine.settings = settings(
    max_examples=600 if _DEEP else 40,
    stateful_step_count=60 if _DEEP else 25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
