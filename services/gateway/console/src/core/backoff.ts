const FIRST_MS = 500;
const MOST_MS = 30_000;

/** How long to wait before the next attempt, after so many that failed: longer each time, without
 * an end, and at random, so that not everybody comes back at once. `random` is from 0 to 1. */
export function waitBefore(attempts: number, random: number): number {
  const longest = Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(attempts, 16));
  return longest / 2 + (longest / 2) * random;
}

/** A comment comes every 15 s: after so long without anything, the connection is dead. */
export const SILENCE_MS = 35_000;

/** After so long a tab that is seen again, or whose network is back, does not wait any longer. */
export const DOUBTFUL_MS = 20_000;
