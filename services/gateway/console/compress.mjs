// Compresses the files of a build as far as brotli and gzip go, beside them: `node compress.mjs FOLDER`.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const TEXT = new Set(['.html', '.js', '.css', '.svg']);
const [folder] = process.argv.slice(2);

for (const name of readdirSync(folder, { recursive: true })) {
  if (!TEXT.has(extname(name))) continue;
  const path = join(folder, name);
  const content = readFileSync(path);
  const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
  writeFileSync(`${path}.br`, brotliCompressSync(content, { params }));
  writeFileSync(`${path}.gz`, gzipSync(content, { level: constants.Z_BEST_COMPRESSION }));
}
