"""Script text: which hosts stand in it, and which addresses reach a loading call. Knows no consent."""
