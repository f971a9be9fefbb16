// node tokenizer_client.mjs FOLDER CLIENT TOKENIZER_JSON < TEXTS: the ids that one of the tokenizer
// clients (tests/clients) gives for each text, as JSON.
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {join, resolve} from 'node:path';

import {clients} from '../clients/clients.mjs';

const [folder, name, file] = process.argv.slice(2);
const load = createRequire(join(resolve(folder), 'package.json'));
const encode = await clients.find((client) => client.name === name)
  .open(load, {json: JSON.parse(readFileSync(file, 'utf8'))});
process.stdout.write(JSON.stringify(await encode(JSON.parse(readFileSync(0, 'utf8')))));
