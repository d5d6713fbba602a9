import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BANS, check, LAYERS } from './layers/rules.ts';
import { importsOf, mask } from './layers/source.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Every source file, as a path from the root. */
const files = ['src', 'webview'].flatMap((top) =>
  readdirSync(join(ROOT, top), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${top}/${name.replaceAll('\\', '/')}`),
);

describe('layers', () => {
  it('every source file keeps the import table and the banned words', () => {
    assert.ok(files.length > 0, 'no source file was found');
    const breaches = files.flatMap((path) => check(path, readFileSync(join(ROOT, path), 'utf8')));
    assert.deepEqual(breaches, [], `\n${breaches.join('\n')}\n`);
  });

  it('every layer of the table has files', () => {
    const empty = LAYERS.filter((layer) => !files.some((path) => path === layer.in || path.startsWith(`${layer.in}/`)));
    assert.deepEqual(
      empty.map((layer) => layer.in),
      [],
    );
  });

  it('no exception is left over for a file that went away', () => {
    const gone = BANS.flatMap(({ except = [] }) => except).filter((path) => !files.includes(path));
    assert.deepEqual(gone, []);
  });
});

/** Each sample with the one breach that it must give: what the message has to say. */
const BREACHES: [path: string, source: string, says: RegExp][] = [
  [
    'src/sim/base/time.ts',
    "import { x } from '../wire/tcp.ts';",
    /:1: src\/sim\/base may not import src\/sim\/wire\/tcp\.ts/,
  ],
  [
    'src/sim/tcp/tcb.ts',
    "\n\nimport {\n  a,\n  b,\n} from '../kernel/host.ts';",
    /tcb\.ts:3: .*src\/sim\/kernel\/host\.ts/,
  ],
  ['src/sim/tcp/tcb.ts', "import { log } from '../trace/log.ts';", /src\/sim\/trace\/log\.ts$/],
  ['src/sim/tcp/tcb.ts', "import type { Host } from '../kernel/host.ts';", /not even its types/],
  ['src/sim/wire/tcp.ts', "export * from '../tcp/states.ts';", /src\/sim\/tcp\/states\.ts/],
  ['src/sim/world.ts', "import fs from 'node:fs';", /package node:/],
  ['src/views/ss.ts', "import { html } from 'lit/directives/x.js';", /package lit$/],
  ['src/views/ss.ts', "import { Host } from '../sim/kernel/host.ts';", /src\/sim\/kernel\/host\.ts/],
  ['src/format/parse.ts', "const x = await import('../../test/helper.ts');", /may not import test\/helper\.ts/],
  ['src/session/client.ts', "import '../loopback/kernel.ts';", /src\/loopback\/kernel\.ts/],
  ['src/session/client.ts', "import { Worker } from 'node:worker_threads';", /package node:/],
  ['src/extension/outputs.ts', "import { World } from '../sim/world.ts';", /src\/sim\/world\.ts/],
  ['src/cli/main.ts', "import { x } from '../extension/ids.ts';", /src\/extension\/ids\.ts/],
  ['webview/panes/states.ts', "import '@vscode/webview-ui-toolkit/dist/x.js';", /package @vscode\/webview-ui-toolkit$/],
  ['webview/lab.ts', "import { SessionClient } from '../src/session/client.ts';", /src\/session\/client\.ts/],
  ['src/cli/run.ts', "import { x } from './main.js';", /does not end in \.ts/],
  ['src/new/x.ts', '', /stands in no layer/],
  ['src/sim/net/link.ts', 'const t = Date.now();', /"Date" may not stand here/],
  ['src/views/text.ts', 'x.toLocaleString();', /"toLocaleString"/],
  ['src/sim/net/link.ts', 'const t = `${Math.random()}`;', /"Math\.random"/],
  ['src/sim/kernel/host.ts', 'let p: Promise<void>;', /"Promise"/],
  ['src/sim/tcp/checks.ts', 'if (tcb.snd.una < end) {}', /wrap/],
  ['src/sim/tcp/checks.ts', 'if (end >= turn.tcb.snd.nxt) {}', /wrap/],
  ['src/sim/tcp/checks.ts', 'if (seq(4) < x) {}', /wrap/],
  ['src/sim/tcp/checks.ts', "tcb.state = 'CLOSED';", /one gate/],
];

/** Samples that look like a breach and are none. */
const CLEAN: [path: string, source: string][] = [
  ['src/sim/tcp/tcb.ts', "import type { Note } from '../trace/log.ts';\nimport { seqLt } from '../base/seq.ts';"],
  ['src/sim/tcp/tcb.ts', "// import { x } from '../kernel/host.ts'\nconst s = \"import 'node:fs'\"; /* Date */"],
  ['src/sim/tcp/checks.ts', "if (tcb.state === 'CLOSED' && seqDiff(tcb.snd.nxt, tcb.snd.una) > 0) {}"],
  ['src/sim/tcp/checks.ts', 'const next: Map<Seq, number> = new Map(); const f = (x: Seq) => tcb.snd.una;'],
  ['src/sim/tcp/turn.ts', '(turn.tcb as Open).state = to;'],
  ['src/sim/syscall/facade.ts', 'export async function read(): Promise<number> {}'],
  ['src/session/worker-node.ts', "const { open } = await import('../loopback/kernel.ts');"],
  ['src/loopback/kernel.ts', "import koffi from 'koffi';\nimport { readFileSync } from 'node:fs';"],
];

describe('the layer checker', () => {
  for (const [path, source, says] of BREACHES)
    it(`refuses in ${path}: ${source.trim().replace(/\s+/g, ' ')}`, () => {
      const breaches = check(path, source);
      assert.equal(breaches.length, 1, breaches.join('\n'));
      assert.match(breaches[0] as string, says);
      assert.match(breaches[0] as string, new RegExp(`^${path.replaceAll('.', '\\.')}:\\d+: `));
    });
  for (const [path, source] of CLEAN)
    it(`lets pass in ${path}: ${source.replace(/\s+/g, ' ')}`, () => assert.deepEqual(check(path, source), []));

  it('finds every form of import with its line', () => {
    const source = [
      "import a from 'a';",
      "import type { B } from 'b';",
      "import 'c';",
      "export { d } from 'd';",
      "export type { E } from 'e';",
      "export * as f from 'f';",
      "const g = import('g');",
      "export const text = 'from';",
      "export default 'x';",
    ].join('\n');
    assert.deepEqual(
      importsOf(source).map(({ from, line, typeOnly }) => `${from}${line}${typeOnly ? ' type' : ''}`),
      ['a1', 'b2 type', 'c3', 'd4', 'e5 type', 'f6', 'g7'],
    );
  });

  it('masks comments and literals and nothing else, offset for offset', () => {
    const rows: [source: string, masked: string][] = [
      ["a('x\\'y') // z", "a('    ')     "],
      ['a /* b\nc */ d', 'a     \n     d'],
      ['`a${b + `c${d}e`}f`', '` ${b + ` ${d} `} `'],
      ['x = /["\'/]/.test(y)', 'x = /     /.test(y)'],
      ['a / b / c', 'a / b / c'],
      ['`${ { a: 1 } }b`', '`${ { a: 1 } } `'],
    ];
    for (const [source, masked] of rows) {
      assert.equal(mask(source).length, source.length, source);
      assert.equal(mask(source), masked);
    }
  });
});
