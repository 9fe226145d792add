"""What the card signer costs beside the cards themselves. Wants `.venv-card`: `make bench-card`."""
