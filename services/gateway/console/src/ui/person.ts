/** The first letters of the last two words: a Vietnamese given name stands last. */
export function initialsOf(name: string | null): string {
  const words = (name ?? '').trim().split(/\s+/).filter(Boolean).slice(-2);
  return words.map((word) => Array.from(word)[0]?.toUpperCase() ?? '').join('') || '?';
}

/** A hue that is the same for the same name, in degrees. */
export function colourOf(name: string): number {
  let hash = 0;
  for (const letter of name) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) % 3600;
  return hash / 10;
}
