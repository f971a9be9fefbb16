// node node_llama_cpp_client.mjs FOLDER GGUF TOKENS < {"texts", "prompts", "ids"}
//
// What node-llama-cpp, which is llama.cpp too, makes of a model, as JSON: "encoded", the ids of each
// text; "written", what it writes after each prompt, always the likeliest token; and "logits" of every
// position of each list of ids, as [list][position][token]. Keys and values are kept as F32 and attention is the plain one, so that
// nothing is rounded which the file does not round.
import {readFileSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {pathToFileURL} from 'node:url';

const [folder, path, tokens] = process.argv.slice(2);
const {texts, prompts, ids} = JSON.parse(readFileSync(0, 'utf8'));
// It has no entry for require(), so it is found by its place.
const entry = join(resolve(folder), 'node_modules/node-llama-cpp/dist/index.js');
const {getLlama, LlamaCompletion} = await import(pathToFileURL(entry));

const llama = await getLlama({gpu: false, build: 'never', skipDownload: true, logLevel: 'error'});
const model = await llama.loadModel({modelPath: resolve(path)});
const context = await model.createContext({contextSize: 256, threads: 1, flashAttention: false,
  experimentalKvCacheKeyType: 'F32', experimentalKvCacheValueType: 'F32'});
const sequence = context.getSequence();

const logits = [];
for (const list of ids) {
  await sequence.clearHistory();
  const outputs = await sequence.controlledEvaluate(
    list.map((id) => [id, {generateNext: {logits: true}}]));
  logits.push(outputs.map(({next}) => {
    const row = Array(next.logits.size);
    for (const [id, logit] of next.logits) row[id] = logit;
    return row;
  }));
}

const written = [];
for (const prompt of prompts) {
  await sequence.clearHistory();
  const completion = new LlamaCompletion({contextSequence: sequence});
  written.push(await completion.generateCompletion(prompt, {maxTokens: Number(tokens),
    temperature: 0, repeatPenalty: false, trimWhitespaceSuffix: false}));
  completion.dispose({disposeSequence: false});
}
const encoded = texts.map((text) => model.tokenize(text));  // special tokens' letters as text
await new Promise((done) => process.stdout.write(JSON.stringify({encoded, written, logits}), done));
process.exit(0);
