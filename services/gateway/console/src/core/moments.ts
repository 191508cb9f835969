/** Times of the gateway as texts that sort like the times: with or without a fraction. */

const SECONDS = 'YYYY-MM-DDTHH:MM:SS'.length;
const DIGITS = 6;

export function sortable(moment: string): string {
  const fraction = /^\.(\d+)/.exec(moment.slice(SECONDS))?.[1] ?? '';
  return moment.slice(0, SECONDS) + fraction.slice(0, DIGITS).padEnd(DIGITS, '0');
}
