"""The verbs of `tongbao`, one file each; every verb calls the room that owns the work."""
