"""CSS syntax: where addresses stand in style sheets. Knows no policy."""
