/** Orders in the comments of a livestream: "A1 xanh M 0901234567", in any case and order. */

import { foldAccents } from './names';
import { markPhones } from './phones';

export interface Comment {
  readonly id: string;
  readonly customer: string;
  readonly at: string;
  readonly text: string;
}

export interface Order {
  /** The comment that began it, and the place of the code in it. */
  readonly id: string;
  /** When that comment was written. */
  readonly at: string;
  readonly customer: string;
  readonly code: string;
  /** What else was said of it, as it was written: colours, sizes. */
  readonly words: readonly string[];
  readonly phone: string | null;
  /** All comments that belong to it, the oldest first. */
  readonly comments: readonly string[];
}

/** What one comment orders. */
export interface Wanted {
  readonly code: string;
  readonly words: readonly string[];
  readonly phone: string | null;
}

const CODE = /^\p{L}{1,3}[-.]?\d{1,4}$/u;
const NO_CODE = /^(x|size|sz|s|kg|cm|k|tr|h)[-.]?\d/;
const QUESTION =
  /\?|\b(bao nhieu|the nao|o dau|khi nao|may gio|xin gia|gia (sao|bn|nhieu)|(co|con) .*\b(khong|ko|k|hong|hok|hk))\b|^(gia|ib gia|bao gia)( a)?$/;
/** Words that say nothing about what is ordered. */
const FILLERS = new Set(
  (
    'chot lay cho em minh chi anh shop oi nha nhe a voi sdt dt phone size sz mau dat mua don ' +
    'va cai chiec ban nhan giao ve ship them can muon nay ma'
  ).split(' '),
);

/** The orders in a text: one for each code. Words belong to the code before them; those before the
 * first code to that one. */
export function readOrders(text: string): Wanted[] {
  const phones = markPhones(text);
  if (phones.length === 0 && asks(text)) return [];
  let rest = text;
  for (const { start, end } of phones.toReversed()) {
    rest = `${rest.slice(0, start)} ${rest.slice(end)}`;
  }
  const phone = phones[0]?.phone ?? null;
  const found: { code: string; words: string[] }[] = [];
  const before: string[] = [];
  for (const word of rest.split(/[\s,;:/|+!()]+/)) {
    const folded = foldAccents(word).replace(/\.+$/, '');
    if (CODE.test(folded) && !NO_CODE.test(folded)) {
      found.push({ code: folded.replace(/[-.]/, '').toUpperCase(), words: [] });
    } else if (folded !== '' && !FILLERS.has(folded)) {
      (found.at(-1)?.words ?? before).push(word);
    }
  }
  found[0]?.words.unshift(...before);
  return found.map((each) => ({ ...each, phone }));
}

/** Whether the text asks something. */
export function asks(text: string): boolean {
  return QUESTION.test(foldAccents(text).trim());
}

/** The orders below a post, kept up to date comment by comment. A customer who repeats a code, with
 * the same words, more or fewer, in any order, has one order; with other words it is another. */
export class OrderBook {
  readonly #comments = new Map<string, Comment[]>();
  readonly #customers = new Map<string, string>();
  readonly #of = new Map<string, readonly Order[]>();
  readonly #orders = new Map<string, Order>();

  /** In the order in which they were begun, whichever became known first. */
  list(): Order[] {
    return [...this.#orders.values()].sort(byTime);
  }

  /** The comment is there, or has another text now. Whether any order changed. */
  put(comment: Comment): boolean {
    const known = this.#comments.get(comment.customer) ?? [];
    const before = known.find((each) => each.id === comment.id);
    if (before?.text === comment.text) return false;
    const matters = readOrders(comment.text).length > 0;
    if (before === undefined && !matters) return false;
    const others = known.filter((each) => each.id !== comment.id);
    return this.#change(comment.customer, matters ? [...others, comment] : others, comment.id);
  }

  remove(id: string): boolean {
    const customer = this.#customers.get(id);
    if (customer === undefined) return false;
    const left = (this.#comments.get(customer) ?? []).filter((each) => each.id !== id);
    return this.#change(customer, left, id);
  }

  #change(customer: string, comments: Comment[], changed: string): boolean {
    comments.sort(byTime);
    if (comments.some(({ id }) => id === changed)) this.#customers.set(changed, customer);
    else this.#customers.delete(changed);
    this.#comments.set(customer, comments);
    const orders = collect(comments);
    const ids = new Set(orders.map(({ id }) => id));
    for (const { id } of this.#of.get(customer) ?? []) if (!ids.has(id)) this.#orders.delete(id);
    for (const order of orders) this.#orders.set(order.id, order);
    this.#of.set(customer, orders);
    return true;
  }
}

/** The orders in the comments of one customer, the oldest first. */
export function collect(comments: readonly Comment[]): Order[] {
  const found: Order[] = [];
  for (const { id, customer, at, text } of comments) {
    for (const [place, wanted] of readOrders(text).entries()) {
      const known = found.findIndex((each) => isSame(each, wanted));
      const before = found[known];
      if (before === undefined) {
        found.push({ id: `${id} ${place}`, customer, at, ...wanted, comments: [id] });
        continue;
      }
      const longer = wanted.words.length > before.words.length ? wanted.words : before.words;
      found[known] = {
        ...before,
        words: longer,
        phone: wanted.phone ?? before.phone,
        comments: before.comments.includes(id) ? before.comments : [...before.comments, id],
      };
    }
  }
  return found;
}

function byTime(a: { at: string; id: string }, b: { at: string; id: string }): number {
  return `${a.at} ${a.id}` < `${b.at} ${b.id}` ? -1 : 1;
}

function isSame(order: Order, wanted: Wanted): boolean {
  if (order.code !== wanted.code) return false;
  const known = new Set(order.words.map(foldAccents));
  const said = new Set(wanted.words.map(foldAccents));
  const [fewer, more] = known.size < said.size ? [known, said] : [said, known];
  return [...fewer].every((word) => more.has(word));
}
