"""Conditional requests: which validators the app may be asked, and which 304 may leave (RFC 9110 §13; N2, N3, H23)."""
