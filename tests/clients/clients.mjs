// The clients: how each encodes, and where it is known to differ from the definition.
//
// A client has a name, how it treats a special token's letters, the tokenizers it can be compared
// about, and `open`, which gives a function from texts to ids. `known` names the reason why it may
// differ about a text; a difference without a reason fails the test.

// By \s the patterns mean Unicode's White_Space. JavaScript's \s has U+FEFF too, and lacks U+0085.
// (tiktoken and @anush008/tokenizers, whose engines are not JavaScript's, agree with us there.)
const javaScriptSpace = (text) => /[\u0085\ufeff]/.test(text) && "JavaScript's \\s";

// gpt-tokenizer looks bytes up by the text that a TextDecoder makes of them, which takes U+FEFF at
// the beginning for a byte order mark and drops it: cl100k_base's token 3305, U+FEFF, is not found.
const byteOrderMark = (text) => text.includes('\ufeff') && 'U+FEFF dropped';

export const clients = [
  {
    name: '@huggingface/tokenizers',
    specials: 'recognised',
    // It joins unknown tokens of unigram over the borders of pieces, as its Rust original does not.
    compares: ({name}) => name !== 'unigram',
    async open(load, {json}) {
      const {Tokenizer} = load('@huggingface/tokenizers');
      // Of a word tokenizer it wants to hear the unknown token twice.
      const tokenizer = new Tokenizer(json, {unk_token: json.model.unk_token});
      return (texts) => texts.map((text) => tokenizer.encode(text).ids);
    },
    // Patterns that stand in the file it translates; its own copy of GPT-2's it does not.
    known: (text, {pattern}) => pattern === 'gpt2' && javaScriptSpace(text),
  },
  {
    name: '@anush008/tokenizers',
    specials: 'recognised',
    compares: () => true,
    async open(load, {json}) {
      const {Tokenizer} = load('@anush008/tokenizers');
      const tokenizer = Tokenizer.fromString(JSON.stringify(json));
      return async (texts) => (await tokenizer.encodeBatch(texts)).map((one) => one.getIds());
    },
    known: () => false,
  },
  ...['as-text', 'recognised'].map((specials) => ({
    name: 'tiktoken',
    specials,
    compares: ({encoding}) => encoding !== undefined,
    async open(load, {encoding}) {
      const client = load('tiktoken').get_encoding(encoding);
      const allowed = specials === 'recognised' ? 'all' : [];
      return (texts) => texts.map((text) => Array.from(client.encode(text, allowed, [])));
    },
    known: () => false,
  })),
  {
    name: 'gpt-tokenizer',
    specials: 'as-text',
    compares: ({encoding}) => encoding !== undefined,
    async open(load, {encoding}) {
      const client = load(`gpt-tokenizer/encoding/${encoding}`);
      const options = {disallowedSpecial: new Set()};
      return (texts) => texts.map((text) => client.encode(text, options));
    },
    // Its pattern for cl100k_base differs in two more points, which its ids do not show: only [sS]
    // where Unicode folds U+017F to s as well, and \s+$ before the line breaks. cl100k_base has no
    // token with U+017F, and none of white space that goes on behind its last line break.
    known: (text, {pattern}) =>
      (pattern === 'cl100k' && byteOrderMark(text)) || javaScriptSpace(text),
  },
];
