// node hub_client.mjs FOLDER MODEL: what @huggingface/hub reads from a model's safetensors header, as
// JSON. It asks the hub; a fetch of our own answers with the bytes of MODEL's files.
import {existsSync, readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {join, resolve} from 'node:path';

const [folder, model] = process.argv.slice(2);
const load = createRequire(join(resolve(folder), 'package.json'));

async function fetch(url, options = {}) {
  const path = join(model, new URL(url).pathname.split('/').at(-1));
  if (!existsSync(path)) return new Response('', {status: 404});
  const bytes = readFileSync(path);
  const range = new Headers(options.headers).get('range')?.match(/^bytes=(\d+)-(\d*)$/);
  const begin = range ? Number(range[1]) : 0;
  const end = range?.[2] ? Math.min(Number(range[2]) + 1, bytes.length) : bytes.length;
  return new Response(options.method === 'HEAD' ? null : bytes.subarray(begin, end), {
    status: range ? 206 : 200,
    headers: {'content-length': String(end - begin), 'etag': '"local"',
      ...(range && {'content-range': `bytes ${begin}-${end - 1}/${bytes.length}`})},
  });
}

const {parseSafetensorsMetadata} = load('@huggingface/hub');
const parsed = await parseSafetensorsMetadata({repo: 'some/model', computeParametersCount: true, fetch});
console.log(JSON.stringify(parsed));
