// node llama_node_client.mjs FOLDER GGUF TOKENS < PROMPTS: what @fugood/llama.node, which is llama.cpp,
// writes after each prompt, always the likeliest token, as JSON.
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {join, resolve} from 'node:path';

const [folder, model, tokens] = process.argv.slice(2);
const load = createRequire(join(resolve(folder), 'package.json'));
const {loadModel} = load('@fugood/llama.node');
const context = await loadModel({model: resolve(model), n_ctx: 256, n_gpu_layers: 0, n_threads: 1,
  n_parallel: 1, cache_type_k: 'f32', cache_type_v: 'f32', flash_attn_type: 'off'});
const texts = [];
for (const prompt of JSON.parse(readFileSync(0, 'utf8'))) {
  const {text} = await context.completion({prompt, n_predict: Number(tokens), top_k: 1});
  texts.push(text);
}
await context.release();
console.log(JSON.stringify(texts));
