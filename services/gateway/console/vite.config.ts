import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

const gateway = 'http://127.0.0.1:8000';

const layers = '@layer reset,base,kit,view;';

/** Whichever of the built stylesheets comes first, it has to name all layers in their order. */
const orderLayers: Plugin = {
  name: 'order-layers',
  apply: 'build',
  generateBundle(_, bundle) {
    for (const asset of Object.values(bundle)) {
      if (asset.type !== 'asset' || !asset.fileName.endsWith('.css')) continue;
      asset.source = `${layers}${asset.source}`;
    }
  },
};

export default defineConfig({
  plugins: [orderLayers],
  build: {
    target: 'es2022',
    // The content security policy allows no `data:` address.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/v1': gateway, '/livechat': { target: gateway, bypass: page } } },
  // A machine may be slow, and properties are tried a hundred times.
  test: { include: ['src/**/*.test.{ts,tsx}'], testTimeout: 120_000 },
});

/** The console has an address `/livechat/<conversation>`, too: a document is never the gateway's. */
function page(request: { headers: { accept?: string } }): string | undefined {
  return request.headers.accept?.includes('text/html') ? '/index.html' : undefined;
}
