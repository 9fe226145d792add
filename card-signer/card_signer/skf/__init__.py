"""Tokens with a library of GM/T 0016 (SKF): SM2 keys that never leave them."""
