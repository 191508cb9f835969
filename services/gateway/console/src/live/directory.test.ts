import { expect, it } from 'vitest';
import { type Agent, agentHue, agents } from './directory';

it('gives agents hues that can be told apart, in whatever order they are read', () => {
  const read = ['minh', 'lan', 'hoa', 'binh', 'quan'].map((id) => ({ id }) as Agent);
  agents.value = read;
  const hues = read.map(({ id }) => agentHue(id));
  for (const [place, hue] of hues.entries()) {
    for (const other of hues.slice(place + 1)) {
      const apart = Math.abs(hue - other);
      expect(Math.min(apart, 360 - apart)).toBeGreaterThan(30);
    }
  }
  agents.value = read.toReversed();
  expect(read.map(({ id }) => agentHue(id))).toEqual(hues);
});
