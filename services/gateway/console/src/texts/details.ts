import vietnamese from './details.vi.json';
import { language } from './dictionary';

/** The gateway's sentences with `{}` for what they name, and the same in Vietnamese, where `{0}` is
 * the first of these. `tests/console/test_details.py` compares them with the gateway's sources. */
const SENTENCES: Readonly<Record<string, string>> = vietnamese;

let patterns: readonly (readonly [RegExp, string])[] | null = null;

/** A sentence of the gateway in the language of the moment. One that is not known stays English. */
export function sayDetail(detail: string): string {
  if (language.value === 'en') return detail;
  const known = SENTENCES[detail];
  if (known !== undefined) return known;
  patterns ??= Object.entries(SENTENCES)
    .filter(([sentence]) => sentence.includes('{}'))
    // Of two that fit, the one that says more of itself.
    .sort(([one], [other]) => other.length - one.length)
    .map(([sentence, said]) => [new RegExp(`^${toPattern(sentence)}$`, 's'), said]);
  for (const [pattern, said] of patterns) {
    const found = pattern.exec(detail);
    if (found)
      return said.replace(/\{(\d)\}/g, (_, nth) => sayDetail(found[Number(nth) + 1] ?? ''));
  }
  return detail;
}

function toPattern(sentence: string): string {
  return sentence
    .split('{}')
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('(.+?)');
}
