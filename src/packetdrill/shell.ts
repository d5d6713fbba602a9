/**
 * The little of a shell that scripts need: commands joined by `;`, `&&` and `||`, quotes, comments, lines joined at a
 * backslash, redirections, and `$((15*1024*1024))`. Knows no command.
 */

/** A command without operators in it. */
export interface Simple {
  readonly words: readonly string[];
  /** Where its output goes, when that is a file: `echo 3 > /proc/sys/…`. */
  readonly to: string | undefined;
  /** What the command before it wrote is its input (`|`). */
  readonly piped: boolean;
  /** It runs only when the one before it has failed (`||`), or only when it has not (`&&`). */
  readonly when: 'always' | 'failed' | 'succeeded';
}

const TOKEN =
  /\s+|(&&|\|\||[;|])|((?:\d|&)?>{1,2})\s*(&\d|[^\s;|&]+)|((?:"[^"]*"|'[^']*'|\$\(\(.*?\)\)|[^\s"';|&>]|&(?![&>]))+)/y;

/** The simple commands in a text. */
export function simpleCommands(text: string): Simple[] {
  const lines = text.replace(/\\\r?\n/g, ' ').split('\n');
  return lines.flatMap((line) => lineCommands(line.replace(/(^|\s)#.*$/, '')));
}

function lineCommands(line: string): Simple[] {
  const commands: Simple[] = [];
  let words: string[] = [];
  let to: string | undefined;
  let when: Simple['when'] = 'always';
  let piped = false;
  const end = (operator: string) => {
    if (words.length > 0) commands.push({ words, to, piped, when });
    words = [];
    to = undefined;
    piped = operator === '|';
    when = operator === '&&' ? 'succeeded' : operator === '||' ? 'failed' : 'always';
  };
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < line.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(line);
    if (!match) {
      words.push(line.slice(at));
      break;
    }
    const [, operator, redirection, target, word] = match;
    if (operator) end(operator);
    else if (redirection) to = /^1?>/.test(redirection) && target !== '/dev/null' ? target : to;
    else if (word) words.push(bare(word));
  }
  end('');
  return commands;
}

const bare = (word: string): string =>
  word.replace(/["']/g, '').replace(/\$\(\((.*?)\)\)/g, (_, sum: string) => String(product(sum)));

/** `15*1024*1024`: the only arithmetic that such scripts do. */
const product = (text: string): number => text.split('*').reduce((value, factor) => value * Number(factor), 1);
