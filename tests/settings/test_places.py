"""Where things are: given, from the environment, or the system's places; resources in all three kinds of install."""

from pathlib import Path

import pytest

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.settings.places import find_places, find_resources


def test_the_environment_is_obeyed_and_an_argument_goes_first(tmp_path: Path) -> None:
    environment = {
        "RAG_DESKTOP_LIBRARY": str(tmp_path / "library"),
        "RAG_DESKTOP_MODELS": str(tmp_path / "models"),
        "RAG_DESKTOP_CONFIG": str(tmp_path / "config"),
        "RAG_DESKTOP_CACHES": str(tmp_path / "caches"),
    }
    places = find_places(environment=environment)
    found = (places.library, places.models, places.config, places.caches)
    assert found == tuple(Path(value) for value in environment.values())
    assert find_places(tmp_path / "other", environment).library == tmp_path / "other"


def test_the_systems_own_places_are_absolute_and_apart() -> None:
    places = find_places(environment={})
    found = {places.library, places.models, places.config, places.caches}
    assert all(path.is_absolute() for path in found)
    assert len(found) == 4
    assert "rag-desktop" in places.models.parts


def test_places_are_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    places = find_places(Path("here"), {"RAG_DESKTOP_MODELS": "~/models"})
    assert (places.library, places.models) == (tmp_path / "here", tmp_path / "models")


def test_resources_are_found_in_a_checkout_a_wheel_and_a_bundle(tmp_path: Path) -> None:
    package = tmp_path / "root" / "rag_desktop"
    homes = [tmp_path / "root" / "resources", package / "_resources", tmp_path / "bundle" / "resources"]
    for home in homes:
        home.mkdir(parents=True)
    with pytest.raises(UserFacingError) as caught:
        find_resources(package, None)
    assert caught.value.code == "resources-missing"
    for home in homes:
        (home / "models.toml").touch()
        assert find_resources(package, str(tmp_path / "bundle")) == home
    assert find_resources(package, None) == package / "_resources"


def test_this_checkout_has_its_resources() -> None:
    assert (find_places(environment={}).resources / "models.toml").is_file()
