// Do other people's programs understand our model files as we do?
//
//   node tests/interop/interop.mjs FOLDER TOKENIZERS PROGRAM [--require] [--texts N] [--python PATH]
//
// FOLDER is where npm has installed package.json's clients, TOKENIZERS where those of tests/clients
// are; PROGRAM is ./limpid. `./dev interop` sees to all three. A small model of each family is trained
// on tales and exported; then every client answers in a process of its own, and each answer is a line:
// what was measured, and the bound that it must keep. Differences of logits are the largest one, or the root
// of their mean square.
//
// A client that is not there is skipped, with --require an error. The exit status is 0 when every bound
// was kept.
import {execFileSync, spawn} from 'node:child_process';
import {existsSync, mkdirSync, readFileSync, rmSync} from 'node:fs';
import {createRequire} from 'node:module';
import {dirname, join, resolve} from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';

import {fuzzedTexts} from '../clients/texts.mjs';

const {values: options, positionals: [folder, tokenizers, program]} = parseArgs({
  allowPositionals: true,
  options: {
    require: {type: 'boolean', default: false},
    texts: {type: 'string', default: '1000'},
    python: {type: 'string', default: '/usr/bin/python3'},  // Debian's PyTorch belongs to this one
  },
});
if (!program) {
  console.error('interop: expected FOLDER TOKENIZERS PROGRAM');
  process.exit(2);
}
const here = dirname(fileURLToPath(import.meta.url));
const work = join(folder, 'models');
const place = (...names) => join(work, ...names);

// --- Processes -----------------------------------------------------------------------------------

class Skip extends Error {}

/** A program's output. It has two minutes; what it complained of goes into the error. */
function run(command, words, input = '', minutes = 2) {
  return new Promise((done, failed) => {
    const child = spawn(command, words, {timeout: 60000 * minutes, killSignal: 'SIGKILL',
      env: {...process.env, OMP_NUM_THREADS: '1'}});
    let out = '', err = '';
    child.stdout.setEncoding('utf8').on('data', (text) => out += text);
    child.stderr.setEncoding('utf8').on('data', (text) => err += text);
    child.stdin.on('error', () => {}).end(input);  // it may have ended before it read all
    child.on('error', failed);
    child.on('close', (status, signal) => {
      if (status === 0) return done(out);
      const lines = err.split('\n').filter((line) => line.trim() !== '');
      const line = lines.find((each) => /error/i.test(each)) ?? lines.at(-1) ?? '';
      failed(new Error(`${signal ?? `exit status ${status}`} ${line.trim()}`));
    });
  });
}

const limpid = (...words) => run(program, words);
const client = async (name, words, input) => {
  const out = await run(process.execPath, [join(here, name), ...words], JSON.stringify(input) ?? '');
  return JSON.parse(out.trim().split('\n').at(-1));  // some print logs before it
};
const python = async (name, words, input) => JSON.parse(
  await run(options.python, [join(here, name), ...words], input));

// --- The models ----------------------------------------------------------------------------------

const tokens = 64;  // of a greedy text
const prompts = ['Once there was', 'Do you know', 'One Monday in autumn'];
const end = '<|endoftext|>';
const families = [
  {name: 'llama', preset: 'demo', settings: ['kv_heads=2', 'tied=false'], bound: 1e-4},
  // ggml takes GPT-2's GELU from a table of 16-bit numbers.
  {name: 'gpt2', preset: 'demo-gpt2', settings: ['kv_heads=4', 'tied=true'], bound: 5e-3},
];
// How far logits are from those of the weights before they were rounded, root of the mean square: about
// twice what was measured.
const rounded = {bf16: 0.03, q8_0: 0.1, q4_0: 1};
// llama.cpp rounds what it multiplies with rounded weights, too (to 8 bits, in blocks of 32); we do not.
const activations = 0.07;

/** Trains a family's model and writes every file that is looked at. */
async function prepare(family) {
  const sizes = ['layers=2', 'width=64', 'hidden=160', 'heads=4', 'context=256',
    'eval_every=300', 'save_every=300'];
  const trained = place(family.name);
  await run(program, ['train', '--preset', family.preset, '--tokenizer', 'bpe:512', '--steps', '300',
    '--out', trained, '--set', ...sizes, ...family.settings], '', 10);
  for (const type of ['f32', 'bf16']) {
    await limpid('export', '--model', trained, '--format', 'huggingface', '--type', type,
      '--out', place(`${family.name}-${type}`));
  }
  for (const type of ['f32', 'q8_0', 'q4_0']) {
    await limpid('export', '--model', trained, '--format', 'gguf', '--type', type,
      '--out', place(`${family.name}-${type}.gguf`));
  }
  const tokenizer = JSON.parse(readFileSync(join(trained, 'tokenizer.json'), 'utf8'));
  const stories = (await limpid('tales', 'write', '--split', 'valid', '--bytes', '4000'))
    .split('\n').filter((line) => line.length > 200).slice(0, 4);
  Object.assign(family, {trained, exported: place(`${family.name}-f32`)});
  const ids = (await encoded(family, stories, 'as-text'))
    .map((list) => [tokenizer.model.vocab[end], ...list].slice(0, 200));
  family.ids = ids;
  family.logits = await logitsOf(family, trained);
  family.written = [];
  for (const prompt of prompts) family.written.push(await writtenBy(trained, prompt));
}

const logitLines = (family, model, ...more) => run(program, ['logits', '--model', model, ...more],
  family.ids.map((ids) => JSON.stringify(ids) + '\n').join(''));
const logitsOf = async (family, model) => (await logitLines(family, model))
  .trim().split('\n').map((line) => JSON.parse(line).logits);
/** What our own program writes after a prompt, always the likeliest token. */
const writtenBy = async (model, prompt) => (await limpid('generate', '--model', model, '--prompt',
  prompt, '--temperature', '0', '--max-tokens', String(tokens))).slice(prompt.length, -1);

// --- Measures ------------------------------------------------------------------------------------

/** How far two lists of logits are apart: NaN when one has a NaN or another shape. */
function difference(ours, theirs) {
  let largest = 0, squares = 0, count = 0;
  const compare = (a, b) => {
    if (Array.isArray(a)) {
      if (a.length !== b?.length) largest = squares = NaN;
      else a.forEach((one, i) => compare(one, b[i]));
    } else {
      largest = Math.max(largest, Math.abs(a - b));  // NaN stays NaN
      squares += (a - b) ** 2;
      count += 1;
    }
  };
  compare(ours, theirs);
  return {largest, mean: Math.sqrt(squares / count)};
}

const within = (what, value, bound) =>
  ({good: value <= bound, got: `${what} ${value.toPrecision(2)}`, wanted: `${bound}`});
const equal = (count, of, what) =>
  ({good: count === of && of > 0, got: `${count} of ${of} ${what}`, wanted: 'all'});
const sameBytes = (a, b) => readFileSync(a).equals(readFileSync(b));

/** The header that a safetensors file has, read without any library. */
function headerOf(path) {
  const bytes = readFileSync(path);
  return JSON.parse(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE())).toString());
}

// --- The checks: client, file, what, and how --------------------------------------------------------

const load = createRequire(join(resolve(tokenizers), 'package.json'));
const needs = (there, what) => {
  if (!there) throw new Skip(what);
};
const needsPython = (module) => {
  try {
    execFileSync(options.python, ['-c', `import ${module}`], {stdio: 'ignore'});
  } catch {
    throw new Skip(`python3-${module} is not installed`);
  }
};
const needsClient = (name) => needs(existsSync(join(folder, 'node_modules', name)), `${name} is not there`);

const texts = fuzzedTexts(Number(options.texts), 1, load);
/** Our ids of each text. */
const encoded = async (family, list, specials) => (await run(program, ['tokenizer', 'encode',
  '--tokenizer', family.trained, '--specials', specials, '--jsonl'],
  list.map((text) => JSON.stringify(text) + '\n').join(''))).trim().split('\n').map((line) => JSON.parse(line));
const sameIds = (theirs, ours) => equal(
  theirs.filter((ids, i) => JSON.stringify(ids) === JSON.stringify(ours[i])).length, ours.length, 'texts');

const sameTexts = (theirs, family) =>
  equal(theirs.filter((text, i) => text === family.written[i]).length, prompts.length, 'texts');

function* checks(family) {
  const file = (type) => place(`${family.name}-${type}.gguf`);

  for (const name of ['@huggingface/tokenizers', '@anush008/tokenizers']) {
    yield [name, 'tokenizer.json', 'ids', async () => {
      needs(existsSync(join(tokenizers, 'node_modules', name)), `${name} is not there`);
      return sameIds(await client('tokenizer_client.mjs',
        [tokenizers, name, join(family.exported, 'tokenizer.json')], texts),
        await encoded(family, texts, 'recognised'));
    }];
  }
  for (const type of ['f32', 'bf16']) {
    const directory = place(`${family.name}-${type}`);
    yield ['@huggingface/hub', `model.safetensors ${type}`, 'header', async () => {
      needsClient('@huggingface/hub');
      const {header, parameterCount} = await client('hub_client.mjs', [folder, directory]);
      const ours = headerOf(join(directory, 'model.safetensors'));
      const names = Object.keys(ours).filter((name) => name !== '__metadata__');
      const card = JSON.parse(await limpid('inspect', '--model', directory, '--json'));
      const counted = parameterCount[type.toUpperCase()];
      if (counted !== card.learned.parameters) {
        throw new Error(`it counts ${counted} parameters, we ${card.learned.parameters}`);
      }
      return equal(names.filter((name) =>
        JSON.stringify(header[name]) === JSON.stringify(ours[name])).length, names.length, 'tensors');
    }];
    yield ['numpy', `model.safetensors ${type}`, 'bytes', async () => {
      needsPython('numpy');
      const {tensors, bytes} = await python('check_bytes.py',
        [join(family.trained, 'state.safetensors'), directory]);
      return {good: bytes > 0, got: `${tensors} tensors, ${bytes} bytes`, wanted: 'all equal'};
    }];
    yield ['PyTorch', `model.safetensors ${type}`, 'logits', async () => {
      needsPython('torch');
      const {difference: largest} = await python('check_logits.py', [directory],
        await logitLines(family, directory, '--double'));
      return within('largest', largest, 1e-10);
    }];
  }
  yield ['limpid', 'model.safetensors bf16', 'logits', async () =>
    within('rms', difference(family.logits, await logitsOf(family, place(`${family.name}-bf16`))).mean,
      rounded.bf16)];

  yield ['@fugood/llama.node', 'gguf f32', `greedy, ${tokens} tokens`, async () => {
    needsClient('@fugood/llama.node');
    return sameTexts(await client('llama_node_client.mjs', [folder, file('f32'), tokens], prompts), family);
  }];
  for (const type of ['f32', 'q8_0', 'q4_0']) {
    let theirs;
    const answer = async () => {
      needsClient('node-llama-cpp');
      theirs ??= await client('node_llama_cpp_client.mjs', [folder, file(type), tokens],
        type === 'f32' ? {texts, prompts, ids: family.ids} : {texts: [], prompts: [], ids: family.ids});
      return theirs;
    };
    if (type === 'f32') {
      yield ['node-llama-cpp', 'gguf f32', 'ids', async () =>
        sameIds((await answer()).encoded, await encoded(family, texts, 'as-text'))];
      yield ['node-llama-cpp', 'gguf f32', `greedy, ${tokens} tokens`, async () =>
        sameTexts((await answer()).written, family)];
      yield ['node-llama-cpp', 'gguf f32', 'logits', async () =>
        within('largest', difference(family.logits, (await answer()).logits).largest, family.bound)];
    } else {
      yield ['node-llama-cpp', `gguf ${type}`, 'logits, same file', async () =>
        within('rms', difference(await logitsOf(family, file(type)), (await answer()).logits).mean,
          activations)];
      yield ['node-llama-cpp', `gguf ${type}`, 'logits, unrounded', async () =>
        within('rms', difference(family.logits, (await answer()).logits).mean, rounded[type])];
    }
  }
  yield ['limpid', 'gguf f32', 'there and back', async () => {
    const back = place(`${family.name}-back`);
    await limpid('import', file('f32'), '--to', back);
    const same = ['model.safetensors', 'tokenizer.json'].filter((name) =>
      sameBytes(join(family.exported, name), join(back, name)));
    return equal(same.length, 2, 'files, to the bit');
  }];
}

// --- The report ----------------------------------------------------------------------------------

let failed = 0, skipped = 0, passed = 0;
const columns = (...words) => words.map((word, i) => word.padEnd([8, 7, 25, 24, 19, 27][i] ?? 0)).join('').trimEnd();

rmSync(work, {recursive: true, force: true});
mkdirSync(work, {recursive: true});
await Promise.all(families.map(prepare));
console.log(columns('', 'family', 'client', 'file', 'what', 'measured', 'bound'));
for (const family of families) {
  for (const [name, file, what, check] of checks(family)) {
    const line = (verdict, ...rest) => console.log(columns(verdict, family.name, name, file, what, ...rest));
    try {
      const {good, got, wanted} = await check();
      good ? ++passed : ++failed;
      line(good ? 'ok' : 'FAILED', got, wanted);
    } catch (error) {
      error instanceof Skip ? ++skipped : ++failed;
      line(error instanceof Skip ? 'skipped' : 'FAILED', error.message.split('\n')[0]);
    }
  }
}
console.log(`interop: ${passed} passed, ${failed} failed, ${skipped} skipped`);
if (failed > 0 || (options.require && skipped > 0)) process.exitCode = 1;
