// Texts made to bring a tokenizer down: the same for the same seed, on every machine.
//
// Engines know different versions of Unicode, and may differ about a character that is younger than
// their tables. So every code point here was assigned in Unicode 13 (2020); from 13 to 17 no such
// character changed between letter, mark, numeral, white space and none of these. (Noncharacters,
// which no version will ever assign, are here too; surrogates, which no UTF-8 can spell, are not.)

/** SplitMix64, as in core/rng. */
class Random {
  constructor(seed) {
    this.state = BigInt(seed);
  }
  /** A number from 0 to n - 1. */
  below(n) {
    const wrap = (x) => BigInt.asUintN(64, x);
    this.state = wrap(this.state + 0x9e3779b97f4a7c15n);
    let x = this.state;
    x = wrap((x ^ (x >> 30n)) * 0xbf58476d1ce4e5b9n);
    x = wrap((x ^ (x >> 27n)) * 0x94d049bb133111ebn);
    return Number(((x ^ (x >> 31n)) >> 32n) * BigInt(n) >> 32n);
  }
  chance(percent) {
    return this.below(100) < percent;
  }
  from(least, most) {
    return least + this.below(most - least + 1);
  }
  pick(list) {
    return list[this.below(list.length)];
  }
  /** Between `least` and `most` strings that `make` makes, joined. */
  many(least, most, make) {
    let text = '';
    for (let left = this.from(least, most); left > 0; --left) text += make();
    return text;
  }
}

const character = String.fromCodePoint;
const range = (first, last) => Array.from({length: last - first + 1}, (_, i) => first + i);

// Letters and what goes with them, by script; a word takes its characters from one line.
const scripts = [
  range(0x0621, 0x064a).concat(range(0x064b, 0x0652)),  // Arabic, with its vowel marks
  [...'ابپتٹثجچحخدڈذرڑزژسشصضطظعغفقکگلمنںوہھءیےآئؤۂۃ'].map((c) => c.codePointAt(0)),  // Urdu
  range(0x0915, 0x0939).concat(range(0x093a, 0x094d), range(0x0904, 0x0914)),  // Devanagari
  range(0x0995, 0x09a8).concat(range(0x09be, 0x09c4), [0x09cd]),  // Bengali
  range(0x0e01, 0x0e3a).concat(range(0x0e40, 0x0e4e)),  // Thai
  range(0x05d0, 0x05ea).concat(range(0x05b0, 0x05bc)),  // Hebrew, with its points
  range(0x0391, 0x03a1).concat(range(0x03a3, 0x03ce)),  // Greek
  range(0x0410, 0x044f),  // Cyrillic
  range(0x00c0, 0x017f),  // Latin with accents, and the long s
  range(0x61, 0x7a).concat(range(0x0300, 0x0310)),  // Latin with accents of their own
  range(0xac00, 0xd7a3),  // Hangul syllables
  range(0x1100, 0x11ff),  // Hangul jamo
  range(0x3041, 0x3096).concat(range(0x3099, 0x309f)),  // Hiragana
  range(0x30a1, 0x30fa),  // Katakana
  range(0x4e00, 0x9fef),  // Chinese characters
  range(0x20000, 0x2a6d6),  // more of them, beyond 16 bits
  range(0x10400, 0x1044f),  // Deseret: upper and lower case beyond 16 bits
  range(0x1d400, 0x1d454).concat(range(0x1d7ce, 0x1d7ff)),  // mathematical letters and digits
  range(0xff10, 0xff19).concat(range(0xff21, 0xff3a)),  // full width
];
const spaces = [0x0b, 0x0c, 0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000]
  .concat(range(0x2000, 0x200a));  // White_Space but for the usual four, and U+0085 (below)
const notSpaces = [0x1c, 0x1f, 0x180e, 0x200b, 0x200d, 0x2060, 0x2800, 0x3164];  // look like it
const endings = ['s', 't', 're', 've', 'm', 'll', 'd', 'S', 'T', 'RE', 'Ve', 'rE', 'LL', 'lL', 'D',
  '\u017f', '\u017ft', 'r', 'l', 'v', 'x', 'st', 'reve', 'sll', ''];
const specials = ['<|endoftext|>', '<|endoftext|>', '<|endoftext|><|endoftext|>', '<|endoftext',
  'endoftext|>', '<|ENDOFTEXT|>', '<|endoftext |>', '<<|endoftext|>>', '<|endoftext|endoftext|>',
  '<|fim_prefix|>', '<|fim_middle|>', '<|fim_suffix|>', '<|endofprompt|>', '<|im_start|>',
  '<|im_end|>', '<|unknown|>', '<|', '|>', '<unk>', '[UNK]', '</s>'];
const code = ['foo_bar.baz(qux)[0]', ' != nullptr && x->y', '\tif (x) {\n\t\treturn y;\n\t}\n',
  'https://example.org/?a=b&c=%20', '#include <cstdio>\r\n', '\\u0041', '$x = "y";', '/* ... */',
  '--option=value', 'a@b.example', '{"a": [1, 2.5e-3, null]}\n', '::', '...', '"""', '— “so” …'];
const runs = ['a', ' ', '\n', '1', '!', '_', '\t', '\r\n', ' \n', 'ab', "'s", 'é', 'ا', 'क्', '가',
  '中', '\u0301', '😀', '👨‍👩‍👧', '\u00a0', '٣', 'Ⅷ', '\0', '𝟘', '=-', 'the ', 'word\n'];
const names = ['the', 'The', 'a', 'unhappiness', 'Hello', 'world', 'fox', 'HTTP', 'iPhone', 'don',
  'we', 'they', 'I', 'It', 'naïve', 'café', 'tokenization', 'antidisestablishmentarianism'];

/** A maker of texts; `unassigned` are the code points that Unicode 13 had not assigned. */
function maker(random, unassigned) {
  const stable = (code) => !(code >= 0xd800 && code <= 0xdfff) && !unassigned.has(code);
  const all = range(0, 0x10ffff).filter(stable);
  const byPlane = range(0, 16).map((plane) => all.filter((c) => c >> 16 === plane))
    .filter((plane) => plane.length > 0);
  const marks = all.filter((c) => /\p{M}/u.test(character(c)));
  const numerals = all.filter((c) => /\p{N}/u.test(character(c)));
  const nonCharacters = range(0xfdd0, 0xfdef)
    .concat(range(0, 16).flatMap((plane) => [plane * 65536 + 0xfffe, plane * 65536 + 0xffff]));

  const one = (codes) => character(random.pick(codes));
  const word = () => random.chance(50) ? random.pick(names)
    : random.many(1, 12, () => one(random.chance(80) ? range(0x61, 0x7a) : range(0x41, 0x5a)));
  const scriptWord = () => {
    const script = random.pick(scripts);
    return random.many(1, 10, () => one(script));
  };
  const digits = () => random.many(1, 9, () => one(range(0x30, 0x39)));
  const emoji = () => {
    const face = () => one(range(0x1f600, 0x1f64f));
    const person = () => one(range(0x1f466, 0x1f469)) +
      (random.chance(50) ? one(range(0x1f3fb, 0x1f3ff)) : '');
    return random.pick([
      face,
      person,
      () => person() + random.many(1, 3, () => '\u200d' + person()),  // a family
      () => one(range(0x1f1e6, 0x1f1ff)) + one(range(0x1f1e6, 0x1f1ff)),  // a flag
      () => one(range(0x1f1e6, 0x1f1ff)),  // half of one
      () => character(0x1f3f4) + random.many(2, 5, () => one(range(0xe0061, 0xe007a))) +
        character(0xe007f),
      () => random.pick([...'0123456789#*']) + '\ufe0f\u20e3',  // a key
      () => random.pick([...'❤☀✈☎']) + random.pick(['\ufe0f', '\ufe0e', '']),
    ])();
  };
  const white = () => random.many(1, 5, () => random.chance(70)
    ? random.pick([' ', ' ', ' ', '\n', '\t', '\r\n', '\r']) : one(spaces));
  const anything = () => random.many(1, 6, () => one(random.pick(byPlane)));
  const pieces = [
    [22, word],
    [10, () => word() + random.pick(["'", "'", "'", '’', 'ʼ']) + random.pick(endings)],
    [8, digits],
    [3, () => random.many(1, 5, () => one(numerals))],
    [14, white],
    [16, scriptWord],
    [7, emoji],
    [4, () => random.many(1, 4, () => one(marks))],
    [5, () => random.many(1, 5, () => one(range(0x21, 0x7e)))],
    [3, () => random.pick(code)],
    [3, () => random.pick(specials)],
    [3, anything],
    [1, () => one(notSpaces)],
    [1, () => one(range(0, 0x1f))],
  ].flatMap(([share, make]) => Array(share).fill(make));
  // Rare ones, chosen once a text: about them some clients are known to differ (clients.mjs).
  const rare = () => random.pick([() => '\u0085', () => '\ufeff', () => one(nonCharacters)])();

  return () => {
    if (random.below(150) === 0) return random.pick(runs).repeat(random.from(20, 1500));
    let text = '';
    const between = random.pick(['', '', ' ', ' ', '\n']);
    const parts = random.from(0, random.chance(10) ? 60 : 10);
    const rareAt = random.chance(3) ? random.below(parts + 1) : -1;
    for (let part = 0; part <= parts; ++part) {
      if (part === rareAt) text += rare();
      if (part < parts) text += random.pick(pieces)() + (random.chance(60) ? between : '');
    }
    return text;
  };
}

/** `count` different texts; `load` is require() of the folder where the npm packages are. */
export function fuzzedTexts(count, seed, load) {
  const category = 'regenerate-unicode-properties/General_Category/Unassigned.js';
  const make = maker(new Random(seed), new Set(load(category).toArray()));
  const texts = new Set();
  while (texts.size < count) texts.add(make());
  return [...texts];
}
