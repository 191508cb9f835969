import { describe, expect, it } from 'vitest';
import { address, choose, isFiltered, readChosen, toSelection } from './filter';

describe('the filters of the table', () => {
  it('come back from the address in which they stand', () => {
    const chosen = { q: 'Lan', tag: 'sỉ', sort: 'name', 'custom.size': '38' };
    const query = new URL(address(null, chosen), 'http://localhost').searchParams;
    expect(readChosen(query)).toEqual(chosen);
    expect(readChosen(new URLSearchParams('tab=x&q='))).toEqual({});
  });

  it('are taken away by an empty value', () => {
    const chosen = choose({ q: 'Lan', sort: 'name' }, { q: '' });
    expect(chosen).toEqual({ sort: 'name' });
    expect(isFiltered(chosen)).toBe(false);
  });

  it('select the same contacts for a bulk change, custom values by their types', () => {
    const chosen = { q: ' Lan ', sort: 'name', 'custom.size': '38', 'custom.vip': 'true' };
    const fields = [
      { id: 'size', type: 'number' },
      { id: 'vip', type: 'yes_no' },
    ] as const;
    expect(toSelection(chosen, fields)).toEqual({ q: 'Lan', custom: { size: 38, vip: true } });
  });
});
