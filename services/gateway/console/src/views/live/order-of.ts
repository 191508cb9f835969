import type { Order } from '../../core/order-codes';

/** What the customer of this comment has ordered in it, by its codes: "A1, B2"; null for nothing. */
export function orderOf(orders: readonly Order[], comment: string): string | null {
  const codes = orders.filter((one) => one.comments.includes(comment)).map(({ code }) => code);
  return codes.length > 0 ? [...new Set(codes)].join(', ') : null;
}

/** The comments that began an order, each once, though it may order several things. */
export function commentsOf(orders: readonly Order[]): string[] {
  return [...new Set(orders.map(({ comments }) => comments[0] ?? ''))];
}

/** The next comment, after the current one and then from the beginning, whose customer nobody has. */
export function nextUnclaimed(
  ids: readonly string[],
  current: string | null,
  free: (id: string) => boolean,
): string | null {
  const at = current === null ? -1 : ids.indexOf(current);
  const after = [...ids.slice(at + 1), ...ids.slice(0, Math.max(0, at))];
  return after.find((id) => free(id)) ?? null;
}

export interface Piece {
  readonly text: string;
  readonly mark: 'code' | 'phone' | null;
}

/** The text in pieces, with what an order consists of marked in it. */
export function markPieces(
  text: string,
  phones: readonly { readonly start: number; readonly end: number }[],
  codes: ReadonlySet<string>,
): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const { start, end } of phones) {
    pieces.push(...markCodes(text.slice(at, start), codes));
    pieces.push({ text: text.slice(start, end), mark: 'phone' });
    at = end;
  }
  pieces.push(...markCodes(text.slice(at), codes));
  return joinPlain(pieces);
}

/** Words that nothing marks are one piece, so that they are cut off as one. */
function joinPlain(pieces: readonly Piece[]): Piece[] {
  const joined: Piece[] = [];
  for (const piece of pieces) {
    const last = joined.at(-1);
    if (piece.text === '') continue;
    if (last?.mark === null && piece.mark === null) {
      joined[joined.length - 1] = { text: last.text + piece.text, mark: null };
    } else {
      joined.push(piece);
    }
  }
  return joined;
}

function markCodes(text: string, codes: ReadonlySet<string>): Piece[] {
  return text.split(/([\s,;:/|+!()]+)/).map((word) => {
    const code = word.replace(/[-.]/g, '').toUpperCase();
    return { text: word, mark: codes.has(code) ? 'code' : null };
  });
}
