// Variables in prompts, as prompts_app/text/variables.py reads them: whoever changes one changes the
// other. "\{{ name }}" is literal and is none.
export const TOKEN = /\\\{\{|\{\{[ \t]*([\p{L}_][\p{L}\p{N}_]{0,63})[ \t]*\}\}/gu;
const NAME = /^[\p{L}_][\p{L}\p{N}_]{0,63}$/u;

export const isName = (text) => NAME.test(text);

/** Names used in a text, in order of first use. */
export function namesIn(text) {
  const names = new Set();
  for (const [, name] of text.normalize("NFC").matchAll(TOKEN)) {
    if (name) names.add(name);
  }
  return names;
}

/** Where `name` stands in a text as a variable: [start, end] of the name itself, each. */
export function spotsOf(text, name) {
  const spots = [];
  for (const match of text.matchAll(TOKEN)) {
    if (match[1]?.normalize("NFC") !== name) continue;
    const start = match.index + match[0].indexOf(match[1]);
    spots.push([start, start + match[1].length]);
  }
  return spots;
}
