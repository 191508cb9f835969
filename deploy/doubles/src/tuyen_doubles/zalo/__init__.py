"""The double of Zalo's Open API for official accounts, and of its OAuth host."""
