"""The HTML and XML rewriter. ``page`` makes one for a response; ``model`` holds the data that it speaks of."""
