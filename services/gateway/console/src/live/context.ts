import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Store } from './store';

export const StoreContext = createContext<Store | null>(null);

/** The live state of whoever is logged in. */
export function useStore(): Store {
  const store = useContext(StoreContext);
  if (!store) throw new Error('Nobody is logged in.');
  return store;
}
