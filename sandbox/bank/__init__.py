"""The sandbox bank: mandates, collections, accounts, in ISO 20022."""
