"""Benchmarks of consent_guard, and what other tools for the same task leak and damage. Nothing here is shipped.

    python -m benchmarks [rewrite | streams | requests | all] [options]

docs/benchmarks.md says what each number means.
"""
