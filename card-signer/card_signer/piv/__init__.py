"""PIV cards (NIST SP 800-73-4), over anything that carries APDUs."""
