"""What the product costs, as ratios to the least that could be done, measured in one run."""
