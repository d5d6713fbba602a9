/** The manifest says names a second time that the code has as constants; here they are compared. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as ids from '../src/extension/ids.ts';
import { LANGUAGES } from '../src/format/notebook.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string) => JSON.parse(readFileSync(join(root, path), 'utf8'));
const manifest = read('package.json');
const { contributes } = manifest;

describe('package.json', () => {
  it('contributes the notebook type for its files, and activates for nothing else', () => {
    const [notebook, ...more] = contributes.notebooks;
    assert.deepEqual(more, []);
    assert.equal(notebook.type, ids.NOTEBOOK_TYPE);
    assert.deepEqual(notebook.selector, [{ filenamePattern: `*${ids.FILE_EXTENSION}` }]);
    assert.deepEqual(manifest.activationEvents, [`onNotebook:${ids.NOTEBOOK_TYPE}`]);
  });

  it('contributes the renderer for what the kernel sends, without messages', () => {
    const [renderer, ...more] = contributes.notebookRenderer;
    assert.deepEqual(more, []);
    assert.equal(renderer.id, ids.RENDERER_ID);
    assert.deepEqual(renderer.mimeTypes, ids.RENDERED_MIMES);
    assert.equal(renderer.requiresMessaging, 'never');
  });

  it('has a title and a category for every command, and no command that the code does not know', () => {
    const commands: { command: string; title: string; category: string }[] = contributes.commands;
    assert.deepEqual(commands.map(({ command }) => command).sort(), Object.values(ids.COMMANDS).sort());
    for (const { title, category } of commands) assert.ok(title && category === 'Socket Notebooks');
  });

  it('names only known commands in menus', () => {
    const known = new Set<string>(Object.values(ids.COMMANDS));
    for (const [menu, entries] of Object.entries<{ command: string }[]>(contributes.menus)) {
      for (const { command } of entries) assert.ok(known.has(command), `${command} in ${menu}`);
    }
  });

  it('contributes the languages that VS Code does not have', () => {
    const languages = new Set(contributes.languages.map(({ id }: { id: string }) => id));
    assert.deepEqual(languages, new Set([ids.TEXT_LANGUAGE, ids.PACKETDRILL_LANGUAGE]));
    assert.deepEqual([...ids.CELL_LANGUAGES, 'markdown'].sort(), [...LANGUAGES].sort());
  });

  it('says that nothing runs in an untrusted workspace', () => {
    const { supported, description } = manifest.capabilities.untrustedWorkspaces;
    assert.equal(supported, 'limited');
    assert.match(description, /No cell runs/);
  });

  it('names files that exist, beside those that the build makes', () => {
    const paths = JSON.stringify(manifest).matchAll(/"((?:\.\/)?media\/[^"]+)"/g);
    const named = [...paths].map(([, path]) => path as string);
    assert.ok(named.length >= 5);
    for (const path of named) assert.ok(existsSync(join(root, path)), path);
  });
});

describe('the grammar of a notebook as text', () => {
  const grammar = read('media/syntaxes/socknb.tmLanguage.json');

  it('is Markdown, with a rule for the fence of each cell language', () => {
    assert.ok(grammar.patterns.some(({ include }: { include?: string }) => include === 'text.html.markdown'));
    const rules = Object.values<{ begin?: string }>(grammar.repository).flatMap(({ begin }) => begin ?? []);
    for (const language of LANGUAGES) {
      const fence = `\`\`\`{code-cell} ${language}`;
      assert.equal(rules.filter((begin) => new RegExp(begin).test(fence)).length, 1, fence);
    }
  });
});
