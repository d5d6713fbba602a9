/** The notebooks of the course, and the log that each leaves when all its cells have run. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { loadNotebook } from '../../src/cli/load.ts';
import { SessionClient } from '../../src/session/client.ts';
import { cellRequest, sessionConfig } from '../../src/session/notebook.ts';
import { ROOT, spawner } from '../session/bundle.ts';

export const FOLDER = join(ROOT, 'notebooks');
export const NOTEBOOKS = readdirSync(FOLDER).filter((name) => name.endsWith('.socknb'));

/** Runs every code cell and gives the encoded log. */
export async function logOf(name: string): Promise<Uint8Array> {
  const notebook = loadNotebook(join(FOLDER, name));
  const client = await SessionClient.start(sessionConfig(notebook.frontMatter, 'simulator'), await spawner());
  try {
    for (const [index, cell] of notebook.cells.entries()) {
      if (cell.kind === 'code') await client.run(cellRequest(cell, index));
    }
    return await client.log();
  } finally {
    await client.dispose();
  }
}
