/**
 * Engine messages in the words of the cell. V8 quotes the code it ran, so rewritten names show up in messages; this
 * undoes them. A message that quotes nothing passes unchanged.
 */

/** How a scope object calls itself in messages. */
export const SCOPE_TAG = 'cell scope';

const REPLACEMENTS: readonly (readonly [RegExp, string])[] = [
  [
    /Cannot assign to read only property '(.+?)' of object '\[object cell scope\]'/gu,
    "Assignment to constant variable '$1'",
  ],
  [/\(0 ?, ?\$nb\.([\p{ID_Continue}$]+)\)/gu, '$1'],
  [/\$nb(?:_let|_const|_typeof)?\.([\p{ID_Continue}$]+)/gu, '$1'],
  [/\$nb_[a-z]+(?:\(\.\.\.\))?/g, '(intermediate value)'],
];

export function cleanMessage(message: string): string {
  if (!message.includes('$nb') && !message.includes(SCOPE_TAG)) return message;
  return REPLACEMENTS.reduce((text, [pattern, to]) => text.replace(pattern, to), message);
}
