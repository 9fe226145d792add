"""A PIV card in software, behind a virtual reader: stands for the card of a company's staff."""
