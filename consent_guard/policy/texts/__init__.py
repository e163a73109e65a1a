"""Languages and sentences of a policy."""
