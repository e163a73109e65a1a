"""Which addresses name a ledger, and what is said of those that do not (DESIGN §10)."""

from __future__ import annotations

from pathlib import Path

import pytest

from consent_guard.errors import PolicyError
from consent_guard.ledger.address import read_address


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("", "named by its address"),
        ("consent.db", "no address"),
        ("mysql://u@h/d", "'mysql'"),
        ("postgresql+asyncpg://u@h/d", "'postgresql\\+asyncpg'"),
        ("postgresql+psycopg://u@h", "no database"),
        ("postgresql+psycopg://u:p@h:port/d", "no address"),
        ("sqlite://", "memory"),
        ("sqlite:///:memory:", "memory"),
        ("sqlite://consent.db", "three slashes"),
        ("sqlite:///consent.db?mode=ro", "no options"),
        (7, "named by its address"),
        (Path("consent.db"), "named by its address"),
    ],
)
def test_what_names_no_ledger_is_a_fault_with_its_mend(given: object, said: str) -> None:
    with pytest.raises(PolicyError, match=said) as raised:
        read_address(given)
    (fault,) = raised.value.faults
    assert fault.path == "ledger"
    assert fault.mend


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg"])
def test_a_password_is_never_shown(scheme: str) -> None:
    address = read_address(f"{scheme}://me:geheim@db.example:5433/shop")
    assert address.url.drivername == "postgresql+psycopg"
    assert address.file is None
    assert "geheim" not in address.shown
    assert "geheim" not in repr(address)
    assert "db.example" in address.shown


def test_a_file_is_found_from_the_folder_in_which_the_app_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    address = read_address("sqlite:///consent.db")
    assert address.file == tmp_path / "consent.db"
    monkeypatch.chdir("/")
    assert read_address(f"sqlite:///{tmp_path}/consent.db").name == address.name
    assert read_address(f"sqlite:///{tmp_path}/other.db").name != address.name
    assert not address.file.exists()
