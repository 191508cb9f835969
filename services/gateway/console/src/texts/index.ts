import { dictionary } from './dictionary';
import { en } from './en';
import { vi } from './vi';

export { dictionary, type Language, language, setLanguage, type Translated } from './dictionary';
export * from './formats';

/** The words that all views share. What one view alone says stands in its own `texts.ts`. */
export const t = dictionary(vi, en);
