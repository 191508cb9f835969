import { type ReadonlySignal, signal } from '@preact/signals';

const STEP_MS = 10_000;
const ticking = signal(Date.now());

/** The time of the moment, to within ten seconds: what is drawn with it is drawn again. */
export const now: ReadonlySignal<number> = ticking;

if (typeof window !== 'undefined') {
  setInterval(() => {
    if (!document.hidden) ticking.value = Date.now();
  }, STEP_MS);
  document.addEventListener('visibilitychange', () => {
    ticking.value = Date.now();
  });
}
