"""Consent in a window: `ask.py` asks, `python -m card_signer.window` is the window.

Each question has a process of its own. Tk wants one thread, and the desk asks from whichever thread
a door works in; a window that hangs or dies takes nothing with it; and what Tk keeps of a PIN,
which nobody can wipe there, goes with the process. The question comes as one line of JSON on its
standard input, the answer goes as bytes to its standard output, never over a command line. It ends
when its input does, so no window outlives the program that asked.
"""
