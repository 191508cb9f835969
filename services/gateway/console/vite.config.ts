import { defineConfig } from 'vitest/config';

const gateway = 'http://127.0.0.1:8000';

export default defineConfig({
  build: {
    target: 'es2022',
    // The content security policy allows no `data:` address.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/v1': gateway, '/livechat': { target: gateway, bypass: page } } },
  test: { include: ['src/**/*.test.{ts,tsx}'] },
});

/** The console has an address `/livechat/<conversation>`, too: a document is never the gateway's. */
function page(request: { headers: { accept?: string } }): string | undefined {
  return request.headers.accept?.includes('text/html') ? '/index.html' : undefined;
}
