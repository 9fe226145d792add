"""Documents and messages: one model, many faces."""
