"""The channel doubles: servers that stand in for Facebook's and Zalo's, over real HTTP."""
