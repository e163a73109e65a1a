"""Emission: how what was decided becomes bytes."""
