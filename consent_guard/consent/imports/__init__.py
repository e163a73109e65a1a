"""Choices that other consent tools keep: one reader per tool, and what their answers mean under a policy.

``importer`` is what the engine calls; ``registry`` names the readers.
"""
