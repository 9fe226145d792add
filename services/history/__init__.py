"""history: what happened to every document, read from the events alone."""
