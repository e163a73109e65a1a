"""What those who run a site are told: whether it works, and how often what happened. Nothing of a visitor (R9)."""
