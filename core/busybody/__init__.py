"""Busybody learns how each person signs in and says what is unlike them."""

__version__ = "2.0.0"
