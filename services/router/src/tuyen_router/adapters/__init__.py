"""What stands between the router's stages and the rest of the world."""
