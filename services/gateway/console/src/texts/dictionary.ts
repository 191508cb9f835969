import { signal } from '@preact/signals';

export type Language = 'vi' | 'en';

const KEPT = 'tuyen.language';

function kept(): Language {
  return typeof localStorage !== 'undefined' && localStorage.getItem(KEPT) === 'en' ? 'en' : 'vi';
}

export const language = signal<Language>(kept());

export function setLanguage(to: Language): void {
  localStorage.setItem(KEPT, to);
  language.value = to;
}

/** A text, or how it is made of what is given. */
type Text = string | ((...given: never[]) => string);
type Texts = Readonly<Record<string, Text>>;

/** The same texts in another language: every key, with the same parameters. */
export type Translated<D extends Texts> = { [K in keyof D]: D[K] extends string ? string : D[K] };

type Given<T extends Text> = T extends (...given: infer P) => string ? P : [];

/** The texts of a view in both languages. What is returned gives a text by its key, in the language
 * of the moment: whoever calls it while drawing is drawn again when the language changes. */
export function dictionary<D extends Texts>(vi: D, en: Translated<D>) {
  return <K extends keyof D & string>(key: K, ...given: Given<D[K]>): string => {
    const text = (language.value === 'vi' ? vi[key] : en[key]) as Text;
    return typeof text === 'string' ? text : (text as (...p: unknown[]) => string)(...given);
  };
}
