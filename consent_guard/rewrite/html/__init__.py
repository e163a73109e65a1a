"""HTML syntax: tokens, attributes, references, open elements. Knows no policy."""
