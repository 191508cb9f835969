/** Marks phone numbers of Vietnam in what customers write, so that one sees them. What is stored of
 * a customer is found by the gateway (C3). */

export interface Marked {
  readonly start: number;
  readonly end: number;
  /** As it is dialled here: 0901234567. */
  readonly phone: string;
}

const RUN = /(?<![\p{L}\d])(?:\+?84|0)(?:[ .\-()\u00a0]{0,2}\d){8,10}(?![\p{L}\d])/gu;
const NUMBER = /^0(?:[35789]\d{8}|2\d{9})$/;

export function markPhones(text: string): Marked[] {
  const found: Marked[] = [];
  for (const run of text.matchAll(RUN)) {
    const digits = run[0].replace(/\D/g, '').replace(/^840?/, '0');
    if (NUMBER.test(digits)) {
      found.push({ start: run.index, end: run.index + run[0].length, phone: digits });
    }
  }
  return found;
}
