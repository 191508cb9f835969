import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { foldAccents, foldTag } from './names';
import vectors from './names.vectors.json';

describe('I4 names fold as the server folds them', () => {
  it.each(vectors.names)('%j', ({ text, folded }) => {
    expect(foldAccents(text)).toBe(folded);
  });
});

describe('tags fold as the server folds them', () => {
  it.each(vectors.tags)('%j', ({ text, folded }) => {
    expect(foldTag(text)).toBe(folded);
  });
});

test('folding twice changes nothing, and composed and decomposed spellings fold alike', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const folded = foldAccents(text);
      expect(foldAccents(folded)).toBe(folded);
      expect(foldAccents(text.normalize('NFD'))).toBe(folded);
    }),
  );
});
