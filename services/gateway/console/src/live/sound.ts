/** Two short tones, made without a file; silent until the page was clicked or typed in. */

/** Of many that come at once one is heard. */
const QUIET_MS = 2_000;

let context: AudioContext | null = null;
let last = Number.NEGATIVE_INFINITY;

export function ring(): void {
  if (performance.now() - last < QUIET_MS) return;
  last = performance.now();
  context ??= new AudioContext();
  if (context.state !== 'running') {
    void context.resume().catch(() => {});
    if (!navigator.userActivation.hasBeenActive) return;
  }
  tone(context, 880, 0);
  tone(context, 1175, 0.12);
}

function tone(audio: AudioContext, frequency: number, after: number): void {
  const begin = audio.currentTime + after;
  const oscillator = audio.createOscillator();
  const volume = audio.createGain();
  oscillator.frequency.value = frequency;
  volume.gain.setValueAtTime(0.12, begin);
  volume.gain.exponentialRampToValueAtTime(0.001, begin + 0.2);
  oscillator.connect(volume).connect(audio.destination);
  oscillator.start(begin);
  oscillator.stop(begin + 0.2);
}
