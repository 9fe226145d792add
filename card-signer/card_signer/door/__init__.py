"""The browser's door: WebSockets on this computer's own address, for sites that are allowed."""
