import { Views } from './views';

export function App() {
  return <Views />;
}
