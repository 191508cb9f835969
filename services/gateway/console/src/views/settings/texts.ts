import { language } from '../../texts';
import { AUDIT_TEXTS } from './audit-texts';
import { PARTS } from './part-texts';
import { SECTION_TEXTS } from './section-texts';
import { SYSTEM_TEXTS } from './system-texts';

/** Each text in Vietnamese and in English. */
const TEXTS = { ...AUDIT_TEXTS, ...PARTS, ...SECTION_TEXTS, ...SYSTEM_TEXTS } as const;

type Texts = typeof TEXTS;
/** A text that needs nothing given. */
export type Word = {
  [K in keyof Texts]: Texts[K][0] extends string ? K : never;
}[keyof Texts];
type Given<K extends keyof Texts> = Texts[K][0] extends (...given: infer P) => string ? P : [];

export function words<K extends keyof Texts>(key: K, ...given: Given<K>): string {
  const text = TEXTS[key][language.value === 'vi' ? 0 : 1] as
    | string
    | ((...given: unknown[]) => string);
  return typeof text === 'string' ? text : text(...given);
}
