import {
  elementScroll,
  observeElementOffset,
  observeElementRect,
  Virtualizer,
  type VirtualizerOptions,
} from '@tanstack/virtual-core';
import type { RefObject } from 'preact';
import { useLayoutEffect, useReducer, useState } from 'preact/hooks';

export type Rows = Virtualizer<HTMLElement, HTMLElement>;
type Options = VirtualizerOptions<HTMLElement, HTMLElement>;
type Given = Pick<Options, 'count' | 'estimateSize' | 'getItemKey'> & Partial<Options>;

/** The rows of a scrolled element that have to be drawn; draws again when others have to be. */
export function useVirtualizer(scroller: RefObject<HTMLElement | null>, given: Given): Rows {
  const [, redraw] = useReducer((times: number, _: null) => times + 1, 0);
  const options: Options = {
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    getScrollElement: () => scroller.current,
    ...given,
    onChange: (rows, sync) => {
      redraw(null);
      given.onChange?.(rows, sync);
    },
  };
  const [rows] = useState<Rows>(() => new Virtualizer(options));
  rows.setOptions(options);
  useLayoutEffect(() => rows._didMount(), [rows]);
  useLayoutEffect(() => rows._willUpdate());
  return rows;
}
