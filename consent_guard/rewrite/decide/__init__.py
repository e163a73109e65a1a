"""Decisions: what of a tag, a text or a style sheet is withheld under one policy, one consent and one document."""
