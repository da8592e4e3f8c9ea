"""The house's laws, each a short test. See CONTRIBUTING.md for the words behind them."""
