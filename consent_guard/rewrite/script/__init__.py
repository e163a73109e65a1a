"""Script text: which hosts stand in it. Knows no consent."""
