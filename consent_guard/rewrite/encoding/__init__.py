"""Encodings of the web: labels, detection, decoding."""
