/** Folds text as the server does: names for searching (I4), tags for comparing. */

const LETTERS: Readonly<Record<string, string>> = {
  đ: 'd',
  ð: 'd',
  ɖ: 'd',
  ø: 'o',
  ł: 'l',
  ı: 'i',
  ħ: 'h',
  ŧ: 't',
  ƀ: 'b',
};

const UNSEEN = new Set('\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0');
const PLAIN = /^[\0-\x7f]*$/;
const MARK = /\p{M}/u;
const FORMAT = /\p{Cf}/u;

/** What JavaScript has no case folding for: `toLowerCase` and `toUpperCase` come close. */
export function foldCase(text: string): string {
  if (PLAIN.test(text)) return text.toLowerCase();
  return Array.from(text, foldLetter).join('');
}

/** `text` without accents and case: "vinh" is found in "Vĩnh", "duong" in "Đường". */
export function foldAccents(text: string): string {
  if (PLAIN.test(text)) return text.toLowerCase();
  const decomposed = foldCase(text.normalize('NFKD')).normalize('NFKD');
  let bare = '';
  for (const letter of decomposed) if (counts(letter)) bare += LETTERS[letter] ?? letter;
  return bare;
}

/** What two tags have in common that differ only in how they are written. */
export function foldTag(tag: string): string {
  return foldCase(tag.normalize('NFC'));
}

const folded = new Map<string, string>();

function foldLetter(letter: string): string {
  if (letter <= '\x7f') return letter.toLowerCase();
  let found = folded.get(letter);
  if (found === undefined) {
    found = isCherokee(letter) ? letter.toUpperCase() : lower(letter);
    folded.set(letter, found);
  }
  return found;
}

function lower(letter: string): string {
  if (letter === 'ı') return letter;
  const small = letter.toLowerCase();
  return letter === 'İ' ? small : small.toUpperCase().toLowerCase().replaceAll('ς', 'σ');
}

/** The only letters of which the upper case is the folded one. */
function isCherokee(letter: string): boolean {
  const code = letter.codePointAt(0) ?? 0;
  return (code >= 0x13a0 && code <= 0x13ff) || (code >= 0xab70 && code <= 0xabbf);
}

const kept = new Map<string, boolean>();

function counts(letter: string): boolean {
  if (letter <= '\x7f') return true;
  let known = kept.get(letter);
  if (known === undefined) {
    known = !combines(letter) && !FORMAT.test(letter) && !UNSEEN.has(letter) && !selects(letter);
    kept.set(letter, known);
  }
  return known;
}

/** Whether the letter has a combining class, which is what normalization sorts marks by. */
function combines(letter: string): boolean {
  if (!MARK.test(letter)) return false;
  const overlay = '\u0334'; // class 1
  const subscript = '\u0345'; // class 240, the highest
  const last = `a${letter}${overlay}`.normalize('NFD') !== `a${letter.normalize('NFD')}${overlay}`;
  const first = `a${subscript}${letter}`.normalize('NFD').endsWith(subscript);
  return last || first || letter === overlay || letter === subscript;
}

function selects(letter: string): boolean {
  const code = letter.codePointAt(0) ?? 0;
  return (code >= 0xfe00 && code < 0xfe10) || (code >= 0xe0100 && code < 0xe01f0);
}
