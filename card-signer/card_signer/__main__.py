"""`python -m card_signer`: the program, wherever its Python is."""

from card_signer.cli import main

if __name__ == "__main__":
    main()
