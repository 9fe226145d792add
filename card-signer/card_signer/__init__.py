"""The program on a company's PC that holds the card: it shows what is signed, asks, and signs."""

__version__ = "0.1.0"
